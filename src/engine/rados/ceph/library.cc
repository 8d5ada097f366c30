#include "engine/rados/ceph/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cassert>
#include <string>

namespace posthorn::engine::rados {
namespace {

/// The name that stands for the interface of all versions since Ceph 0.48.
constexpr const char* kFile = "librados.so.2";

std::string last_error() {
  const char* text = dlerror();
  return text == nullptr ? "" : text;
}

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

const Result<Library>& loaded() {
  static const Result<Library> once = load_library(kFile);
  return once;
}

}  // namespace

Result<Library> load_library(const char* file) {
  // What librados itself needs is found in it and not in other libraries of the process, and the
  // other way round.
  void* handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(ErrorKind::not_supported,
                "storage.engine is \"rados\", which needs librados: install Debian's package "
                "librados2",
                last_error());
  Library library;
  const char* missing = nullptr;
#define POSTHORN_RADOS_FIND(name) \
  if (missing == nullptr && !find(handle, "rados_" #name, library.name)) missing = "rados_" #name;
  POSTHORN_RADOS_FUNCTIONS(POSTHORN_RADOS_FIND)
#undef POSTHORN_RADOS_FIND
  if (missing == nullptr) return library;
  return fail(ErrorKind::not_supported,
              fmt::format("storage.engine is \"rados\", which needs librados of Ceph 16 or later: "
                          "'{}' lacks the function {}",
                          file, missing));
}

Status load_library() {
  const Result<Library>& library = loaded();
  if (!library) return std::unexpected(library.error());
  return {};
}

const Library& library() {
  const Result<Library>& library = loaded();
  assert(library);
  return *library;
}

}  // namespace posthorn::engine::rados
