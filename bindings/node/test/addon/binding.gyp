{
  'targets': [
    {
      'target_name': 'callbacks',
      'sources': ['callbacks.cc'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
    },
  ],
}
