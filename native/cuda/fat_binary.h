#pragma once

#include <string>
#include <vector>

namespace bytesper::cuda {

// The CUDA version (13000 for 13.0) of the toolkit that made a fat binary, from the PTX in it; 0 where the
// image does not say.
int ToolkitOf(const std::vector<char>& image);

// For an image that did not load: ": ..." with what the driver must be, if it is older than the image needs;
// else empty. `driver` as cuDriverGetVersion counts, 0 where unknown.
std::string WhyTooOld(const std::vector<char>& image, int driver);

}  // namespace bytesper::cuda
