"""Present findings and replays: lists, single findings, exports, and a campaign's page."""
