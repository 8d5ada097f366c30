#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/limits.h"

/// What an account has stored, in portions: read from one store and written to another
/// (adoption.h).
namespace posthorn::store {

struct AccountPart {
  struct Piece {
    engine::PieceName name;
    std::string bytes;
  };
  std::vector<engine::PageWrite> pages;
  std::vector<engine::Row> rows;
  std::vector<Piece> pieces;

  [[nodiscard]] bool empty() const { return pages.empty() && rows.empty() && pieces.empty(); }
};

/// No encoded part is longer: one blob of the largest size, and what else has room beside it.
inline constexpr std::size_t kMaxAccountPart = engine::kMaxBlob + (8U << 20);

/// The octets of a part, for a connection between two processes.
std::string encode_part(const AccountPart& part);
/// Errors: corrupt.
Result<AccountPart> decode_part(std::string_view octets);

/// Reads all that an account has stored: its pages, then its rows, then the pieces that its
/// messages name. Left out are the rows that are only hints, which no commit may write. Requires:
/// nobody changes the account meanwhile.
class AccountReader {
 public:
  AccountReader(engine::Engine& engine, const AccountId& id) : engine_(engine), id_(id) {}
  /// Returns the next part, of some MB; an empty one at the end. Blocks. Errors: not_found, corrupt
  /// (something that the account needs cannot be read), io.
  Result<AccountPart> next();

 private:
  enum class Stage : std::uint8_t { pages, rows, pieces, end };
  Status more_pages(AccountPart& part);
  Status more_rows(AccountPart& part);
  Status more_pieces(AccountPart& part);
  Status find_pieces();

  engine::Engine& engine_;
  const AccountId id_;
  Stage stage_ = Stage::pages;
  PageNumber last_page_;
  std::string next_row_;
  std::vector<engine::PieceName> pieces_;
  std::size_t next_piece_ = 0;
  std::size_t octets_ = 0;  ///< In the part that is being filled.
};

}  // namespace posthorn::store
