#pragma once

namespace bytesper::supervisor {

// Opens /dev/null at each closed number from 0 to 3. Otherwise files opened later would get these numbers.
void FillPlaces();

// Moves the descriptors (-1 for none) above 3, where the child does not get them, and closes all others above
// 3: if the supervisor kept an inherited end of a pipe, the pipe's reader would wait as long as the
// supervisor lives. If one of them was 0, 1 or 2, /dev/null is opened there. Returns 0 or an errno.
int KeepOnly(int* first, int* second);

// Closes the descriptors that the child has inherited, so that their readers see when the child closes them.
void ReleaseChildDescriptors();

}  // namespace bytesper::supervisor
