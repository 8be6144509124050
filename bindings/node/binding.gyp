# The core is vendor/, a copy of ../../core that packaging/vendor.py makes.
{
  'targets': [
    {
      'target_name': 'greenlet',
      'sources': [
        'src/addon.cc',
        'src/carrier.cc',
        'src/fiber.cc',
        'src/generator.cc',
        'src/probe.cc',
        'src/thread.cc',
        'src/v8.cc',
        'vendor/core/all.cc',
        'vendor/core/arch/arch.S',
      ],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")', 'vendor/capi'],
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_DEPRECATED', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'GREENLET_STATIC'],
      'cflags!': ['-fno-omit-frame-pointer'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags': ['-O2', '-fvisibility=hidden', '-fasynchronous-unwind-tables', '-fno-semantic-interposition', '-foptimize-sibling-calls'],
      'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fvisibility-inlines-hidden'],
      'conditions': [
        # A thread's destructors are in here, and threads outlive the environment that has loaded this.
        ['OS=="linux"', {'ldflags': ['-Wl,-z,nodelete']}],
        ['target_arch=="x64" or target_arch=="ia32"', {'cflags': ['-fcf-protection=branch']}],
        ['OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
            'GCC_ENABLE_CPP_RTTI': 'NO',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
          },
        }],
      ],
    },
  ],
}
