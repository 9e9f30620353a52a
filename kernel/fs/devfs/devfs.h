// DevFS: the device nodes as files. Types `devtmpfs` and `devfs` (one instance, wherever it is
// mounted) and `devpts`.
#pragma once

void devfs_init(void); // registers the types; makes the instance; subscribes to the device registry
void devpts_init(void); // called by devfs_init
