#include "engine/rocksdb/salvage/table_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "engine/rocksdb/disk/read_at.h"
#include "engine/rocksdb/little_endian.h"
#include "engine/rocksdb/salvage/block_search.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::uint64_t kFooter = 53;
constexpr std::uint64_t kMagic = 0x88e241b785f4cff7;
constexpr std::uint32_t kFormat = 5;
constexpr std::size_t kKeyTrailer = 8;
/// No block with entries is longer: it ends with the entry that makes it longer than 8 KB, and no
/// row or small page has more than 64 KB.
constexpr std::uint64_t kLongest = 128UL << 10;
/// Most blocks are not longer. A search for the next intact one looks for such.
constexpr std::uint64_t kUsual = 12UL << 10;
/// How much it reads at a time.
constexpr std::uint64_t kFarthest = 1UL << 20;
/// How much is passed over where the disk cannot read.
constexpr std::uint64_t kUnreadable = 64UL << 10;
/// No block of any kind is longer.
constexpr std::uint64_t kMostOctets = 64UL << 20;
/// The properties, the list of such blocks and the footer are at the end and have less than this.
constexpr std::uint64_t kEndOfTable = 32UL << 10;
/// The first key of the properties, which are sorted.
constexpr std::string_view kFirstProperty = "rocksdb.block.based.table.index.type";

enum StoredKind : std::uint8_t {
  kDeletion = 0,
  kValue = 1,
  kSingleDeletion = 7,
  kBlobIndex = 0x11,
};

/// The entries of a block, without the list of places where a key is complete, which follows them.
std::optional<std::string_view> entries_of(std::string_view block) {
  constexpr std::uint32_t kCount = 0x7fffffff;  // The highest bit is the kind of block.
  if (block.size() < 4) return std::nullopt;
  const std::uint64_t restarts =
      little_endian<std::uint32_t>(block.substr(block.size() - 4)) & kCount;
  const std::uint64_t list = 4 * (restarts + 1);
  if (list > block.size()) return std::nullopt;
  return block.substr(0, block.size() - list);
}

/// Reads a key, of which the first octets are those of the key before.
bool take_key(ByteReader& r, std::uint64_t shared, std::uint64_t own, std::string& key) {
  if (!r.ok() || shared > key.size() || own > r.rest().size()) return false;
  key.resize(shared);
  key += r.raw(own);
  return true;
}

/// Takes one entry from the front of `rest`.
bool take(std::string_view& rest, std::string& key, std::string_view& value) {
  ByteReader r(rest);
  const std::uint64_t shared = r.varint();
  const std::uint64_t own = r.varint();
  const std::uint64_t octets = r.varint();
  if (!take_key(r, shared, own, key) || octets > r.rest().size()) return false;
  value = r.raw(octets);
  rest = r.rest();
  return true;
}

bool is_stored_key(std::string_view key) {
  if (key.size() < kKeyTrailer) return false;
  switch (static_cast<std::uint8_t>(key[key.size() - kKeyTrailer])) {
    case kDeletion:
    case kValue:
    case kSingleDeletion:
    case kBlobIndex: return true;
    default: return false;
  }
}

/// Returns whether a block that was found by its checksum has entries of keys.
bool has_entries(std::string_view block) {
  auto rest = entries_of(block);
  if (!rest || rest->empty()) return false;
  std::string key;
  std::string_view value;
  while (!rest->empty())
    if (!take(*rest, key, value) || !is_stored_key(key)) return false;
  return true;
}

}  // namespace

Result<std::unique_ptr<TableFile>> TableFile::open(const std::string& path,
                                                   const std::optional<TableFamily>& known,
                                                   std::uint64_t search_steps) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return posthorn::fail(ErrorKind::io, path + " cannot be opened", std::strerror(errno));
  const off_t end = lseek(fd, 0, SEEK_END);
  std::unique_ptr<TableFile> table(new TableFile(
      fd, static_cast<std::uint64_t>(std::max<off_t>(end, 0)), path.substr(path.rfind('/') + 1)));
  table->search_steps_ = search_steps;
  if (Status ok = table->read_properties(); !ok) {
    if (!known) return pass(ok);
    table->family_ = *known;
    table->data_octets_.reset();
  }
  return table;
}

TableFile::~TableFile() { close(fd_); }

std::string TableFile::read(std::uint64_t at, std::uint64_t octets) const {
  std::string out(at < size_ ? std::min(octets, size_ - at) : 0, '\0');
  // What the disk cannot read is missing, as if the file ended there.
  out.resize(read_at(fd_, at, out).octets);
  return out;
}

Result<std::string> TableFile::block(const Place& place) const {
  const auto damaged = posthorn::fail(ErrorKind::corrupt, "a block is damaged");
  if (place.octets == 0 || place.octets > kMostOctets || place.at > size_) return damaged;
  const std::string octets = read(place.at, place.octets + kBlockTrailer);
  if (octets.size() != place.octets + kBlockTrailer || !is_block(octets)) return damaged;
  auto plain = unpack_block(octets);
  if (!plain) return damaged;
  return std::move(*plain);
}

/// Finds the properties by their first key, so that a damaged footer does not matter.
Status TableFile::read_properties() {
  const std::uint64_t from = size_ > kEndOfTable ? size_ - kEndOfTable : 0;
  const std::string end = read(from, kEndOfTable);
  constexpr std::size_t kBeforeKey = 3;  // The lengths of the entry, one octet each.
  const std::size_t found = end.rfind(kFirstProperty);
  const auto lost = posthorn::fail(ErrorKind::corrupt, "its properties are damaged");
  if (found == std::string::npos || found < kBeforeKey) return lost;
  const std::uint64_t at = from + found - kBeforeKey;
  BlockSearch search;
  const auto properties =
      block({at, search.length_at(std::string_view(end).substr(found - kBeforeKey), kEndOfTable)});
  auto rest = properties ? entries_of(*properties) : std::nullopt;
  if (!rest) return lost;
  std::string name;
  std::string_view value;
  while (!rest->empty()) {
    if (!take(*rest, name, value)) return lost;
    if (name == "rocksdb.column.family.name") family_.name = value;
    if (name == "rocksdb.column.family.id")
      family_.id = static_cast<std::uint32_t>(ByteReader(value).varint());
    if (name == "rocksdb.data.size") data_octets_ = ByteReader(value).varint();
  }
  if (family_.name.empty() || data_octets_.value_or(at + 1) > at) return lost;
  return {};
}

/// An entry of the index is a key and the place of the block that ends before or with it. After an
/// entry whose key is complete, the place may be given as the difference to the place before.
bool TableFile::read_index() {
  if (size_ < kFooter) return false;
  const std::string footer = read(size_ - kFooter, kFooter);
  if (footer.size() != kFooter ||
      little_endian<std::uint64_t>(std::string_view(footer).substr(kFooter - 8)) != kMagic ||
      little_endian<std::uint32_t>(std::string_view(footer).substr(kFooter - 12)) != kFormat)
    return false;
  ByteReader places(std::string_view(footer).substr(1));
  (void)places.varint();  // The list of other blocks: its place,
  (void)places.varint();  // and its length.
  Place place;
  place.at = places.varint();
  place.octets = places.varint();
  const auto index = block(place);
  const auto entries = index ? entries_of(*index) : std::nullopt;
  if (!entries || !places.ok()) return false;
  std::vector<Place> blocks;
  std::uint64_t end = 0;
  std::string key;
  for (ByteReader r(*entries); !r.at_end();) {
    const std::uint64_t shared = r.varint();
    const std::uint64_t own = r.varint();
    if (!take_key(r, shared, own, key)) return false;
    if (shared == 0) {
      place.at = r.varint();
      place.octets = r.varint();
    } else {
      place.at += place.octets + kBlockTrailer;
      place.octets += static_cast<std::uint64_t>(r.svarint());
    }
    // The blocks follow one another without a gap. Otherwise this is not such an index.
    if (!r.ok() || place.at != end || place.octets > size_) return false;
    end = place.at + place.octets + kBlockTrailer;
    blocks.push_back(place);
  }
  if (data_octets_ && end != *data_octets_) return false;
  blocks_ = std::move(blocks);
  return true;
}

/// Without the properties it also looks at what comes behind the blocks with entries, and does not
/// know that nothing is lost there.
void TableFile::search_blocks() {
  BlockSearch search(search_steps_);
  const std::uint64_t end = std::min(data_octets_.value_or(size_), size_);
  for (std::uint64_t at = 0; at < end;) {
    const std::string octets = read(at, std::min(kLongest, end - at));
    const std::uint64_t found = search.length_at(octets, kLongest);
    const auto plain = block({at, found});
    if (found != 0 && plain && has_entries(*plain)) {
      blocks_.push_back({at, found});
      at += found + kBlockTrailer;
      continue;
    }
    if (blocks_.empty() || blocks_.back().octets != 0) blocks_.push_back({at, 0});
    if (search.exhausted()) {
      given_up_ = end - at;
      return;
    }
    at = search_behind(search, at, end);
  }
}

/// Returns where the next intact block begins behind `at`. If none is found, returns up to where it
/// was looked for, or `end`.
std::uint64_t TableFile::search_behind(BlockSearch& search, std::uint64_t at,
                                       std::uint64_t end) const {
  const std::uint64_t wanted = std::min(kFarthest, end - at);
  const std::string octets = read(at, wanted);
  for (std::uint64_t from = 1; from < octets.size(); ++from) {
    const std::string_view rest = std::string_view(octets).substr(from);
    if (!BlockSearch::may_begin(rest)) continue;
    const std::uint64_t found = search.length_at(rest, kUsual);
    if (search.exhausted()) return at + from;
    if (found == 0) continue;
    const auto plain = block({at + from, found});
    if (plain && has_entries(*plain)) return at + from;
  }
  // The disk could read no more: what is behind that place may be readable.
  if (octets.size() < wanted) return std::min(end, at + octets.size() + kUnreadable);
  // A block may begin in the last octets, so these are looked at again, unless there are no others.
  return wanted < kFarthest ? end : at + wanted - kUsual;
}

void TableFile::lose() {
  if (losing_) return;
  losing_ = true;
  lost_.push_back({std::string(stored_key_.empty() ? std::string_view() : key()), {}});
}

bool TableFile::load_block() {
  if (next_block_ == blocks_.size()) return false;
  auto octets = block(blocks_[next_block_++]);
  const auto entries = octets ? entries_of(*octets) : std::nullopt;
  if (!entries) {
    lose();
    return true;
  }
  const std::size_t size = entries->size();
  entries_ = std::move(*octets);
  rest_ = std::string_view(entries_).substr(0, size);
  return true;
}

bool TableFile::take_entry() {
  const bool ok = take(rest_, stored_key_, value_) && is_stored_key(stored_key_);
  if (ok && losing_) {
    losing_ = false;
    lost_.back().before = key();
  }
  if (ok) return true;
  if (!is_stored_key(stored_key_)) stored_key_.clear();
  lose();
  rest_ = {};
  return false;
}

bool TableFile::next() {
  if (!std::exchange(looked_, true) && !read_index()) search_blocks();
  for (;;) {
    if (!rest_.empty()) {
      if (take_entry()) return true;
    } else if (!load_block()) {
      return false;
    }
  }
}

std::string_view TableFile::key() const {
  return std::string_view(stored_key_).substr(0, stored_key_.size() - kKeyTrailer);
}

std::uint64_t TableFile::sequence() const {
  return little_endian<std::uint64_t>(
             std::string_view(stored_key_).substr(stored_key_.size() - kKeyTrailer)) >>
         8U;
}

EntryKind TableFile::kind() const {
  switch (static_cast<std::uint8_t>(stored_key_[stored_key_.size() - kKeyTrailer])) {
    case kValue: return EntryKind::value;
    case kBlobIndex: return EntryKind::blob;
    default: return EntryKind::removed;
  }
}

}  // namespace posthorn::engine::rocks
