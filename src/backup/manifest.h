#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backup/files.h"
#include "base/result.h"

namespace posthorn::backup {

/// One file of a backup.
struct ManifestFile {
  /// Where it belongs, relative: "store/..." (the store), "data/..." (other files of the data
  /// directory), "config/..." (the rest is an absolute path).
  std::string path;
  std::string sha256;  ///< 64 hexadecimal digits; names its content in the repository.
  /// As it was found; the next backup takes a file that has not changed to have the same content.
  Identity found;
};

/// What one backup consists of.
struct Manifest {
  std::string name;          ///< The time in UTC: "2026-11-29T231500Z".
  std::int64_t taken = 0;    ///< Seconds since 1970; everything acknowledged before is in it.
  std::string source;        ///< The data directory that was saved.
  std::string version;       ///< Of the program that wrote it.
  std::uint64_t copied = 0;  ///< Octets that were not in the repository before.
  std::vector<ManifestFile> files;

  [[nodiscard]] std::uint64_t octets() const;  ///< Of all files.
};

/// The name of a backup taken at this time.
std::string name_for(std::int64_t seconds);
/// Returns true if the text has the form of such a name.
bool is_name(std::string_view text);

/// Two lines: a JSON object, and "sha256 " with the sum of the first line.
std::string format_manifest(const Manifest& manifest);
/// Errors: corrupt (damaged, or paths that would lead out of a folder), not_supported (a newer
/// format).
Result<Manifest> parse_manifest(std::string_view text);

/// Returns true if a path is relative and stays below the folder it is appended to.
bool is_safe_path(std::string_view path);
bool is_sum(std::string_view text);

}  // namespace posthorn::backup
