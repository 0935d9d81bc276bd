#pragma once

namespace bytesper::guard {

// Opens /dev/null at those of 0 to 3 that are closed: what is opened later would take their place.
void FillPlaces();

// Moves the descriptors (-1 for none) above 3 and out of the child's reach, and closes everything else above
// 3: an inherited end of a pipe would keep its reader waiting as long as the guard lives. Where one of them
// was 0, 1 or 2, /dev/null is there now. Returns 0 or an errno.
int KeepOnly(int* first, int* second);

// Lets go of what the child has inherited, so that its readers see when it is closed.
void ReleaseChildDescriptors();

}  // namespace bytesper::guard
