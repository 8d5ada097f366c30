#pragma once

#include <rados/librados.h>

#include "base/result.h"

namespace posthorn::engine::rados {

/// The functions of librados that the engine calls, without their prefix `rados_`.
///
/// librados is loaded when the first store in a Ceph cluster is opened, and no program of ours is
/// linked with it: a process that is takes a second and much memory for it at its start, whatever
/// it does.
// clang-format off
#define POSTHORN_RADOS_FUNCTIONS(Use)                                                             \
  Use(create2) Use(conf_read_file) Use(conf_set) Use(connect) Use(shutdown)                       \
  Use(ioctx_create) Use(ioctx_set_namespace) Use(ioctx_destroy)                                   \
  Use(nobjects_list_open) Use(nobjects_list_next) Use(nobjects_list_close)                        \
  Use(aio_create_completion2) Use(aio_get_return_value) Use(aio_get_version) Use(aio_release)     \
  Use(aio_cancel) Use(aio_write_op_operate) Use(aio_read_op_operate)                              \
  Use(aio_notify) Use(aio_watch2) Use(aio_unwatch) Use(watch_check) Use(notify_ack)               \
  Use(buffer_free)                                                                                \
  Use(create_write_op) Use(release_write_op)                                                      \
  Use(write_op_create) Use(write_op_assert_exists) Use(write_op_assert_version)                   \
  Use(write_op_omap_cmp2) Use(write_op_omap_set2) Use(write_op_omap_rm_keys2)                     \
  Use(write_op_write_full) Use(write_op_append) Use(write_op_truncate)                            \
  Use(write_op_setxattr) Use(write_op_remove)                                                     \
  Use(create_read_op) Use(release_read_op)                                                        \
  Use(read_op_omap_get_vals_by_keys2) Use(read_op_omap_get_vals2)                                 \
  Use(read_op_stat) Use(read_op_read)                                                             \
  Use(omap_get_next2) Use(omap_get_end)
// clang-format on

struct Library {
#define POSTHORN_RADOS_MEMBER(name) decltype (&rados_##name)(name) = nullptr;
  POSTHORN_RADOS_FUNCTIONS(POSTHORN_RADOS_MEMBER)
#undef POSTHORN_RADOS_MEMBER
};

/// Loads the shared library `file` and finds the functions in it. It stays loaded. May take as
/// long as reading some 20 MB from the disk. Errors: not_supported; the text says what to install.
Result<Library> load_library(const char* file);

/// Loads librados, once in the life of the process; a failure stays one. Errors: those of
/// load_library(). Thread: any.
Status load_library();

/// Requires: load_library() has succeeded, as it has where there is a Connection.
const Library& library();

}  // namespace posthorn::engine::rados
