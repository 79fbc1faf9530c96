#pragma once

namespace finfuzz {

enum Served { kGone, kProgram, kBare };

Served serve(int request_fd, int response_fd, int stderr_fd);
void become_child(int stderr_fd);

}  // namespace finfuzz
