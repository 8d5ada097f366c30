#include "engine/rocksdb/wal/wal_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/rocksdb/disk/read_at.h"
#include "engine/rocksdb/little_endian.h"
#include "engine/rocksdb/wal/crc32c.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::size_t kBlock = 32768;
constexpr std::size_t kHeader = 7;
constexpr std::size_t kBatchHeader = 12;

enum Kind : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

/// The layout of a batch entry: its tag, a length, and that many octets.
constexpr char kLogData = 3;
constexpr std::string_view kClaimMagic = "phSynced";
constexpr std::size_t kClaimBytes = kClaimMagic.size() + 16;

std::optional<SyncedMark> parse_claim(std::string_view batch) {
  batch.remove_prefix(kBatchHeader);
  if (batch.size() < 2 + kClaimBytes || batch[0] != kLogData || batch[1] != char{kClaimBytes})
    return std::nullopt;
  batch.remove_prefix(2);
  if (!batch.starts_with(kClaimMagic)) return std::nullopt;
  batch.remove_prefix(kClaimMagic.size());
  return SyncedMark{little_endian<std::uint64_t>(batch),
                    little_endian<std::uint64_t>(batch.substr(8))};
}

struct Fragment {
  std::uint8_t kind = 0;
  std::string_view bytes;
};

/// Returns the fragment at the start of `rest`, if it is intact.
std::optional<Fragment> fragment_in(std::string_view rest) {
  if (rest.size() < kHeader) return std::nullopt;
  const auto length = little_endian<std::uint16_t>(rest.substr(4));
  const auto kind = static_cast<std::uint8_t>(rest[6]);
  if (kHeader + length > rest.size() || kind < kFull || kind > kLast) return std::nullopt;
  const std::string_view summed = rest.substr(6, 1UL + length);
  if (mask_crc(crc32c(summed)) != little_endian<std::uint32_t>(rest)) return std::nullopt;
  return Fragment{kind, summed.substr(1)};
}

class Scanner {
 public:
  explicit Scanner(const RecordVisitor& visit) : visit_(visit) {}

  /// `at` is the offset of the block in the file.
  void block(std::uint64_t at, std::string_view bytes) {
    std::size_t pos = 0;
    while (bytes.size() - pos >= kHeader) {
      const std::string_view rest = bytes.substr(pos);
      if (const auto fragment = fragment_in(rest)) {
        const std::size_t size = kHeader + fragment->bytes.size();
        take(*fragment, {at + pos, at + pos + size});
        pos += size;
        continue;
      }
      // The length is trusted only if an intact fragment follows at that place. Otherwise, in a
      // damaged block, the text of a message could be taken for records.
      const std::size_t next = pos + kHeader + little_endian<std::uint16_t>(rest.substr(4));
      const bool hop = next < bytes.size() && fragment_in(bytes.substr(next));
      const std::size_t end = hop ? next : bytes.size();
      damage({at + pos, at + end});
      pos = end;
    }
    // At the end of a block, less than a header may be left over; at the end of the file it is
    // torn.
    if (bytes.size() < kBlock && pos < bytes.size()) damage({at + pos, at + bytes.size()});
  }

  /// Marks a range as unreadable, together with the record that began before it.
  void damage(OctetRange range) {
    if (partial_) range.begin = begun_;
    partial_.reset();
    if (!damaged_.empty() && damaged_.back().end >= range.begin) {
      damaged_.back().end = std::max(damaged_.back().end, range.end);
    } else {
      damaged_.push_back(range);
    }
  }

  std::vector<OctetRange> finish(std::uint64_t size) {
    if (partial_) damage({begun_, size});
    return std::move(damaged_);
  }

 private:
  void take(const Fragment& fragment, OctetRange place) {
    const bool begins = fragment.kind == kFull || fragment.kind == kFirst;
    if (begins && partial_) damage({begun_, place.begin});  // The end of that record is missing.
    if (!begins && !partial_) return damage(place);  // The beginning of this record is missing.
    if (fragment.kind == kFull) return record(place, fragment.bytes);
    if (begins) {
      begun_ = place.begin;
      partial_.emplace();
    }
    *partial_ += fragment.bytes;
    if (fragment.kind != kLast) return;
    const std::string whole = std::move(*partial_);
    partial_.reset();
    record({begun_, place.end}, whole);
  }

  void record(OctetRange place, std::string_view octets) {
    if (!visit_(place, octets)) damage(place);
  }

  const RecordVisitor& visit_;
  /// The fragments so far of the record that begins at begun_.
  std::optional<std::string> partial_;
  std::uint64_t begun_ = 0;
  std::vector<OctetRange> damaged_;
};

std::unexpected<Error> cannot(const char* what, const std::string& path) {
  return posthorn::fail(ErrorKind::io, fmt::format("{} cannot be {}", path, what),
                        std::strerror(errno));
}

}  // namespace

std::string format_claim(const SyncedMark& mark) {
  std::string out(kClaimMagic);
  put_little_endian(out, mark.log);
  put_little_endian(out, mark.octets);
  return out;
}

std::string without_claim(std::string_view batch) {
  std::string out(batch.substr(0, kBatchHeader));
  out += batch.substr(kBatchHeader + 2 + kClaimBytes);
  return out;
}

Result<WalScan> scan_records(const std::string& path, const RecordVisitor& visit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot("opened", path);
  Scanner scanner(visit);
  std::vector<char> block(kBlock);
  const off_t end = lseek(fd, 0, SEEK_END);
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(end, 0));
  for (std::uint64_t at = 0; at < size; at += kBlock) {
    const ReadOctets got = read_at(fd, at, block);
    if (got.failed) {
      scanner.damage({at, std::min(size, at + kBlock)});
    } else {
      scanner.block(at, {block.data(), got.octets});
    }
  }
  close(fd);
  return WalScan{size, scanner.finish(size)};
}

Result<WalScan> scan_wal(const std::string& path,
                         const std::function<void(const WalRecord&)>& visit) {
  return scan_records(path, [&](OctetRange place, std::string_view batch) {
    if (batch.size() < kBatchHeader) return false;
    visit({place, batch, little_endian<std::uint64_t>(batch),
           little_endian<std::uint32_t>(batch.substr(8)), parse_claim(batch)});
    return true;
  });
}

Result<WalWriter> WalWriter::create(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return cannot("written", path);
  return WalWriter(fd, path);
}

WalWriter::WalWriter(WalWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      buffer_(std::move(other.buffer_)),
      written_(other.written_) {}

WalWriter::~WalWriter() {
  if (fd_ >= 0) close(fd_);
}

void WalWriter::add_fragment(std::string_view bytes, std::uint8_t kind) {
  const std::uint32_t of_kind = crc32c(std::string_view(reinterpret_cast<const char*>(&kind), 1));
  put_little_endian(buffer_, mask_crc(crc32c(bytes, of_kind)));
  put_little_endian(buffer_, static_cast<std::uint16_t>(bytes.size()));
  buffer_.push_back(static_cast<char>(kind));
  buffer_ += bytes;
}

Status WalWriter::add(std::string_view batch) {
  bool begun = false;
  do {
    const std::size_t used = (written_ + buffer_.size()) % kBlock;
    const std::size_t room = kBlock - used;
    if (room < kHeader) {
      buffer_.append(room, '\0');
      continue;
    }
    const std::string_view part = batch.substr(0, room - kHeader);
    batch.remove_prefix(part.size());
    const bool ends = batch.empty();
    add_fragment(part, begun ? (ends ? kLast : kMiddle) : (ends ? kFull : kFirst));
    begun = true;
  } while (!begun || !batch.empty());
  constexpr std::size_t kWriteFrom = 1UL << 20;
  return buffer_.size() < kWriteFrom ? Status() : write_out();
}

Status WalWriter::write_out() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("written", path_);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status WalWriter::finish() {
  if (Status ok = write_out(); !ok) return ok;
  if (fsync(fd_) != 0) return cannot("made durable", path_);
  return {};
}

}  // namespace posthorn::engine::rocks
