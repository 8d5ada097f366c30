#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// What a server writes besides what its configuration names.
struct WrittenPlaces {
  std::vector<std::string> files;       ///< Replaced by renaming another file in their folder.
  std::vector<std::string> throw_away;  ///< Folders that are removed in the end.
};

/// Confines this process and what it starts, for ever, as far as the kernel can, so that somebody
/// who takes it over cannot do more than the server needs to do:
/// * It changes files only in the data directory, in the folders of SQLite databases, and in
///   `places`; in the folders of its unix sockets it makes and removes sockets. It executes only
///   the program that reads attachments, and what lies below /usr/lib, as the loader does. It reads
///   what its user may read (Landlock, Linux 5.19).
/// * It gains no rights, loads no kernel modules, traces no processes, mounts nothing, sets no
///   clock, and enters no namespaces (seccomp, no_new_privs).
/// Does nothing if `confine` is off. What the kernel does not offer is logged.
/// Errors: not_supported or io; the process may then be confined in part.
/// Thread: to be called before other threads start, after give_up_root().
Status confine(const config::Config& config, const WrittenPlaces& places);

}  // namespace posthorn::app
