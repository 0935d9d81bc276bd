{
  "targets": [
    {
      "target_name": "bytesper",
      "sources": [
        "native/addon.cc",
        "native/arguments.cc",
        "native/attention/attention_call.cc",
        "native/attention/call.cc",
        "native/attention/cpu_avx2.cc",
        "native/attention/cpu_avx512.cc",
        "native/attention/cpu_choice.cc",
        "native/attention/cpu_portable.cc",
        "native/attention/cuda_attention.cc",
        "native/attention/cuda_choice.cc",
        "native/attention/cuda_decode.cc",
        "native/attention/cuda_work.cc",
        "native/attention/decode_call.cc",
        "native/attention/decode_problem.cc",
        "native/attention/host_attention.cc",
        "native/attention/host_decode.cc",
        "native/attention/normal.cc",
        "native/attention/problem.cc",
        "native/attention/reference.cc",
        "native/cuda/api.cc",
        "native/cuda/device.cc",
        "native/cuda/fat_binary.cc",
        "native/cuda_driver.cc",
        "native/dynamic_library.cc",
        "native/file_lock.cc",
        "native/older_libraries.cc",
        "native/malloc_counters.cc",
        "native/malloc_owner.cc",
        "native/nvml.cc",
        "native/nvml_library.cc",
        "native/parallel.cc",
        "native/pid_namespace.cc",
        "native/pool/cuda_pool.cc",
        "native/pool/host_pool.cc",
        "native/pool/pages.cc",
        "native/pool/pool_object.cc",
        "native/proc_fields.cc",
        "native/process_memory.cc",
        "native/reading.cc"
      ],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      # The last one: a worker that is terminated in mid-call must not take the process with it.
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "xcode_settings": { "CLANG_CXX_LANGUAGE_STANDARD": "c++17" },
      "conditions": [["OS=='linux'", { "libraries": ["-ldl"] }]]
    }
  ],
  "conditions": [
    [
      "OS=='linux'",
      {
        "targets": [
          {
            "target_name": "cell-supervisor",
            "type": "executable",
            "sources": [
              "native/supervisor/descriptors.cc",
              "native/supervisor/json_line.cc",
              "native/supervisor/launch.cc",
              "native/supervisor/main.cc",
              "native/supervisor/options.cc",
              "native/supervisor/proc_directory.cc",
              "native/supervisor/proc_files.cc",
              "native/supervisor/process_tree.cc",
              "native/supervisor/reaper.cc",
              "native/supervisor/report.cc",
              "native/supervisor/sample.cc",
              "native/supervisor/supervisor.cc"
            ],
            "cflags_cc": [
              "-std=c++17",
              "-Wall",
              "-Wextra",
              "-fno-exceptions",
              "-fno-rtti",
              "-fno-threadsafe-statics"
            ],
            "ldflags": ["<!@(node native/supervisor/link-flags.mjs)"]
          }
        ]
      }
    ]
  ]
}
