{
  "targets": [
    {
      "target_name": "bytesper",
      "sources": [
        "native/addon.cc",
        "native/cuda_driver.cc",
        "native/dynamic_library.cc",
        "native/nvml.cc",
        "native/process_memory.cc",
        "native/reading.cc"
      ],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags!": ["-fno-exceptions"],
      "xcode_settings": { "CLANG_CXX_LANGUAGE_STANDARD": "c++17" },
      "conditions": [["OS=='linux'", { "libraries": ["-ldl"] }]]
    }
  ]
}
