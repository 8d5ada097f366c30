#include "engine/limits.h"

namespace posthorn::engine {

Status check_limits(std::span<const Edit> edits) {
  for (const Edit& edit : edits) {
    if (edit.key.size() > kMaxRowKey)
      return fail(ErrorKind::too_big, "a row's key is larger than 1 KB");
    if (edit.value && edit.value->size() > kMaxRowValue)
      return fail(ErrorKind::too_big, "a row's value is larger than 64 KB");
  }
  return {};
}

Status check_blob(std::size_t bytes) {
  if (bytes > kMaxBlob) return fail(ErrorKind::too_big, "a page or piece is larger than 64 MB");
  return {};
}

Status check_limits(const Commit& commit) {
  if (Status ok = check_limits(commit.edits); !ok) return ok;
  for (const PageWrite& page : commit.carry.pages)
    if (Status ok = check_blob(page.bytes.size()); !ok) return ok;
  for (const PieceHold& hold : commit.carry.holds)
    if (Status ok = check_blob(hold.bytes.size()); !ok) return ok;
  return {};
}

std::size_t bytes_of(const Commit& commit) {
  std::size_t bytes = sizeof commit;
  for (const Edit& edit : commit.edits)
    bytes += sizeof edit + edit.key.size() + (edit.value ? edit.value->size() : 0);
  for (const PageWrite& page : commit.carry.pages) bytes += sizeof page + page.bytes.size();
  for (const PieceHold& hold : commit.carry.holds) bytes += sizeof hold + hold.bytes.size();
  return bytes + commit.carry.dropped_pages.size() * sizeof(PageNumber) +
         commit.carry.candidates.size() * sizeof(Candidate);
}

Status check_writable(const PieceHold& absent) {
  if (absent.bytes.empty())
    return fail(ErrorKind::not_found, "a piece that was written ahead no longer exists");
  return {};
}

std::unexpected<Error> conflict_at(const PartitionVersion& found) {
  return fail(ErrorKind::conflict, fmt::format("{}", found.revision));
}

}  // namespace posthorn::engine
