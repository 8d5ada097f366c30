#pragma once

#include <rocksdb/write_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/rocksdb/database.h"
#include "engine/rocksdb/salvage/table_set.h"

namespace posthorn::engine::rocks {

/// A store that is being filled with the keys of another.
class NewStore {
 public:
  /// Errors: those of Database::open.
  static Result<std::unique_ptr<NewStore>> create(const std::string& path);

  Status put(Family family, std::string_view key, std::string_view value);
  /// To be called when all holders, and no pieces, have been put.
  Status begin_pieces();
  /// Puts a piece, in ascending order of the names. It gets a state if it has none. The states and
  /// holders of pieces that are not put are removed, since a piece with a state counts as there,
  /// and its bytes would not be stored when they arrive again.
  Status put_piece(std::string_view name, std::string_view bytes);
  /// Makes everything durable. Nothing may be put afterwards.
  Status finish();

 private:
  explicit NewStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* handle(Family family) const;
  Status write();
  Status drop_holders_before(std::optional<std::string_view> name);

  std::unique_ptr<Database> database_;
  ::rocksdb::WriteBatch batch_;
  std::unique_ptr<::rocksdb::Iterator> holders_;  ///< Ahead of the last piece.
};

}  // namespace posthorn::engine::rocks
