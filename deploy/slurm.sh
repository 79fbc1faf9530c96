#!/bin/bash
# A campaign on SLURM: sbatch deploy/slurm.sh campaign.toml
#
# The first node has the scheduler, the supervisor and triage; every node has a Dask worker per core.
# The folder of submission must be shared (NFS, Lustre): .finfuzz and crashes are written there.
# Submitted again in the same folder, the campaign goes on. docs/deploy.md explains each line.

#SBATCH --job-name=finfuzz
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=24:00:00
# SIGTERM to this script 20 minutes before the end: the campaign finishes triage within ten.
#SBATCH --signal=B:TERM@1200
#SBATCH --output=finfuzz-%j.log

set -euo pipefail

: "${FINFUZZ:=finfuzz}" "${DASK:=dask}"     # of an environment with finfuzz[cluster] on every node
port=$((10000 + ${SLURM_JOB_ID:-0} % 20000)) # two jobs may share a node
address="tcp://$(hostname -f):$port"
cores="${SLURM_CPUS_PER_TASK:-1}"
started=()

cleanup() {
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
    done
}
trap cleanup EXIT

"$DASK" scheduler --port "$port" --no-dashboard &
started+=("$!")

srun --ntasks-per-node=1 "$DASK" worker "$address" \
    --nworkers "$cores" --nthreads 1 --memory-limit 0 --no-dashboard \
    --local-directory "${TMPDIR:-/tmp}" --death-timeout 300 &
started+=("$!")

# Seconds of fuzzing: a later submission goes on with what is left of them.
if [ -e .finfuzz/campaign/plan.json ]; then
    "$FINFUZZ" run --resume .finfuzz --cluster "$address" &
else
    "$FINFUZZ" run "$@" --cluster "$address" &
fi
campaign=$!
trap 'kill -TERM "$campaign"' TERM
# A trapped signal ends the first `wait` early.
wait "$campaign" || wait "$campaign"
