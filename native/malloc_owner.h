#pragma once

namespace bytesper {

// Whether calls to malloc use glibc's function. False if another library or the program defines malloc, or if
// that is unknown.
bool MallocIsOfCLibrary();

}  // namespace bytesper
