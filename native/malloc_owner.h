#pragma once

namespace bytesper {

// Whether calls to malloc reach glibc's own. False where another library or the program defines malloc, and
// where that cannot be told.
bool MallocIsOfCLibrary();

}  // namespace bytesper
