#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rocksdb/salvage/logged_keys.h"
#include "engine/rocksdb/salvage/table_file.h"

namespace posthorn::engine::rocks {

/// Brings the entries of several tables and of the logs together: for each key the newest version.
/// A sequence number of 0 means "older than all others"; RocksDB writes it where no older version
/// of the key exists.
class Merge {
 public:
  /// `logged` may be null, and has to outlive the object. `folder` has the blob files.
  Merge(std::string folder, std::vector<std::unique_ptr<TableFile>> tables,
        const std::map<std::string, KeyVersion>* logged);

  /// Calls `put` for each key that has a value, ascending. If the newest version of a value is in a
  /// blob that cannot be read, an older one that can be read is taken: what is stored in blobs
  /// never changes. Errors: those of `put`; io (a blob file must not be opened).
  Status run(const std::function<Status(std::string_view key, std::string value)>& put);

  // Afterwards:
  /// The keys whose values could not be read, counted by the reason.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& unreadable() const {
    return unreadable_;
  }
  /// For each damaged table, the keys that could not be read.
  [[nodiscard]] std::map<std::string, std::vector<LostKeys>> lost() const;
  /// For each table in which the search for blocks has reached its bound, the octets that were not
  /// looked at.
  [[nodiscard]] std::map<std::string, std::uint64_t> given_up() const;

 private:
  [[nodiscard]] bool is_later(std::size_t a, std::size_t b) const;
  std::vector<KeyVersion> take_versions(const std::string& key);
  Status put_newest(const std::string& key, std::vector<KeyVersion> versions,
                    const std::function<Status(std::string_view, std::string)>& put);

  const std::string folder_;
  std::vector<std::unique_ptr<TableFile>> tables_;
  const std::map<std::string, KeyVersion> none_;
  const std::map<std::string, KeyVersion>& logged_;
  std::map<std::string, KeyVersion>::const_iterator next_logged_;
  std::vector<std::size_t> heap_;  ///< Tables with a current entry; the least key first.
  std::map<std::string, std::uint64_t> unreadable_;
};

}  // namespace posthorn::engine::rocks
