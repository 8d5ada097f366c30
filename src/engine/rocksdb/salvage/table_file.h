#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/salvage/block_search.h"

/// The format of RocksDB's tables (block-based, format 5). It is read here because RocksDB shows
/// neither the sequence numbers nor the deletions of a single table, and reads nothing behind a
/// damaged block of it.
///
/// A table has blocks of keys and values, then among others an index of these blocks and a block of
/// properties, and a footer of 53 octets. Behind each block are the type of its compression (1
/// octet) and its checksum (4). A stored key is the user's key, and a trailer of 8 octets: the
/// sequence number and the kind of the entry.
namespace posthorn::engine::rocks {

/// What an entry says about its key.
enum class EntryKind : std::uint8_t {
  value,
  blob,     ///< The value is in a blob file; the entry has its place there (blob_file.h).
  removed,  ///< From this sequence number on there is no value.
};

/// Keys that cannot be read: those above `after` (empty: from the first) and up to `before` (empty:
/// to the last).
struct LostKeys {
  std::string after;
  std::string before;
};

/// The column family that a table belongs to.
struct TableFamily {
  std::uint32_t id = 0;
  std::string name;
};

/// Reads the entries of one table in order, and continues behind damage. The octets are hostile.
/// Thread: one.
class TableFile {
 public:
  /// If the table's index is damaged, its blocks are looked for by their checksums, by the first
  /// next(); `search_steps` bounds that (block_search.h). `known` is used if the table does not say
  /// to which family it belongs. Errors: io (the file cannot be opened), corrupt (nothing tells the
  /// family).
  static Result<std::unique_ptr<TableFile>> open(const std::string& path,
                                                 const std::optional<TableFamily>& known = {},
                                                 std::uint64_t search_steps = BlockSearch::kSteps);
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  /// The name of the file.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const TableFamily& family() const { return family_; }

  /// Goes to the next entry that can be read: ascending by key, then descending by sequence number.
  /// Returns false at the end.
  bool next();
  // Of the current entry; valid until the next call of next().
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::uint64_t sequence() const;
  [[nodiscard]] EntryKind kind() const;
  [[nodiscard]] std::string_view value() const { return value_; }

  /// What could not be read so far. Complete once next() has returned false.
  [[nodiscard]] const std::vector<LostKeys>& lost() const { return lost_; }
  /// The octets, at the end of the part with entries, in which no blocks were looked for because
  /// the search had reached its bound; usually 0. What they had is among what is lost.
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  /// The place of a block; without octets: a damaged range.
  struct Place {
    std::uint64_t at = 0;
    std::uint64_t octets = 0;
  };

  TableFile(int fd, std::uint64_t size, std::string name)
      : fd_(fd), size_(size), name_(std::move(name)) {}
  [[nodiscard]] std::string read(std::uint64_t at, std::uint64_t octets) const;
  [[nodiscard]] Result<std::string> block(const Place& place) const;
  Status read_properties();
  [[nodiscard]] bool read_index();
  void search_blocks();
  [[nodiscard]] std::uint64_t search_behind(BlockSearch& search, std::uint64_t at,
                                            std::uint64_t end) const;
  bool load_block();
  bool take_entry();
  void lose();

  const int fd_;
  const std::uint64_t size_;
  const std::string name_;
  TableFamily family_;
  /// The blocks with entries come first and have this many; none: it is not known.
  std::optional<std::uint64_t> data_octets_;
  std::uint64_t search_steps_ = 0;
  std::uint64_t given_up_ = 0;
  bool looked_ = false;  ///< It is known where the blocks are.
  std::vector<Place> blocks_;
  std::size_t next_block_ = 0;
  std::string entries_;  ///< Of the current block.
  std::string_view rest_;
  std::string stored_key_;
  std::string_view value_;
  std::vector<LostKeys> lost_;
  bool losing_ = false;  ///< The end of the last lost range is not known yet.
};

}  // namespace posthorn::engine::rocks
