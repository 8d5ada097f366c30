#include "store/adopt/account_part.h"

#include <algorithm>
#include <set>
#include <utility>

#include "async/wait.h"
#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/upkeep/account_pieces.h"

namespace posthorn::store {
namespace {

/// A part is sent when it has this much.
constexpr std::size_t kEnough = 4U << 20;
constexpr std::size_t kAtOnce = 100;

/// Rows that are written as hints (Engine::hint).
bool is_hint(std::string_view key) {
  return key.starts_with(keys::kRecent) || key.starts_with(keys::kRemovalNumbers);
}

engine::PieceName read_name(ByteReader& r) {
  engine::PieceName name;
  const std::string_view octets = r.raw(name.bytes.size());
  if (octets.size() == name.bytes.size())
    std::ranges::copy(octets, reinterpret_cast<char*>(name.bytes.data()));
  return name;
}

}  // namespace

std::string encode_part(const AccountPart& part) {
  std::string out;
  ByteWriter w(out);
  w.varint(part.pages.size());
  for (const engine::PageWrite& page : part.pages) {
    w.varint(page.number.value);
    w.bytes(page.bytes);
  }
  w.varint(part.rows.size());
  for (const engine::Row& row : part.rows) {
    w.bytes(row.key);
    w.bytes(row.value);
  }
  w.varint(part.pieces.size());
  for (const AccountPart::Piece& piece : part.pieces) {
    w.raw(piece.name.view());
    w.bytes(piece.bytes);
  }
  return out;
}

Result<AccountPart> decode_part(std::string_view octets) {
  AccountPart part;
  ByteReader r(octets);
  // The counts are not believed: what is there decides, and each item takes an octet at least.
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const PageNumber number(r.varint());
    part.pages.push_back({number, std::string(r.bytes())});
  }
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    std::string key(r.bytes());
    part.rows.push_back({std::move(key), std::string(r.bytes())});
  }
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const engine::PieceName name = read_name(r);
    part.pieces.push_back({name, std::string(r.bytes())});
  }
  if (!r.ok() || !r.at_end())
    return fail(ErrorKind::corrupt, "a part of an account cannot be read");
  return part;
}

Result<AccountPart> AccountReader::next() {
  AccountPart part;
  octets_ = 0;
  while (stage_ != Stage::end && octets_ < kEnough) {
    Status read;
    switch (stage_) {
      case Stage::pages: read = more_pages(part); break;
      case Stage::rows: read = more_rows(part); break;
      case Stage::pieces: read = more_pieces(part); break;
      case Stage::end: break;
    }
    if (!read) return pass(read);
  }
  return part;
}

Status AccountReader::more_pages(AccountPart& part) {
  auto numbers = engine_.pages(id_, last_page_, kAtOnce);
  if (!numbers) return pass(numbers);
  for (const PageNumber number : *numbers) {
    if (octets_ >= kEnough) return {};
    auto bytes = async::wait(engine_.read_page(id_, number));
    if (!bytes) return pass(bytes);
    octets_ += bytes->size();
    part.pages.push_back({number, std::move(*bytes)});
    last_page_ = number;
  }
  if (numbers->size() < kAtOnce) stage_ = Stage::rows;
  return {};
}

Status AccountReader::more_rows(AccountPart& part) {
  auto rows = async::wait(engine_.scan(id_, next_row_, "", kAtOnce));
  if (!rows) return pass(rows);
  for (engine::Row& row : rows->rows) {
    if (is_hint(row.key)) continue;
    octets_ += row.key.size() + row.value.size();
    part.rows.push_back(std::move(row));
  }
  if (rows->next_key) {
    next_row_ = *rows->next_key;
    return {};
  }
  stage_ = Stage::pieces;
  return find_pieces();
}

Status AccountReader::find_pieces() {
  std::set<engine::PieceName> names;
  Status found = for_each_body(engine_, id_, [&](std::string_view body) -> Status {
    auto list = decode_body_list(body);
    if (!list) return pass(list);
    for (const BodyPiece& piece : list->pieces) names.insert(piece.name);
    return {};
  });
  pieces_.assign(names.begin(), names.end());
  return found;
}

Status AccountReader::more_pieces(AccountPart& part) {
  if (next_piece_ == pieces_.size()) {
    stage_ = Stage::end;
    return {};
  }
  const engine::PieceName name = pieces_[next_piece_++];
  auto bytes = async::wait(engine_.read_piece(name));
  if (!bytes) return pass(bytes);
  octets_ += bytes->size();
  part.pieces.push_back({name, std::move(*bytes)});
  return {};
}

}  // namespace posthorn::store
