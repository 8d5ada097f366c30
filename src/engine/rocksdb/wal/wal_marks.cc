#include "engine/rocksdb/wal/wal_marks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/bytes.h"
#include "engine/rocksdb/disk/store_files.h"
#include "engine/rocksdb/wal/durable.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::string_view kMagic = "phSYNC1\n";
constexpr std::size_t kSlot = 1024;

std::string format_slot(const WalMarks& marks, std::uint64_t generation) {
  std::string out(kMagic);
  ByteWriter w(out);
  w.u64(generation);
  w.u64(marks.manifest);
  w.u64(marks.next_manifest);
  w.u16(static_cast<std::uint16_t>(marks.logs.size()));
  for (const SyncedMark& mark : marks.logs) {
    w.u64(mark.log);
    w.u64(mark.octets);
  }
  w.u64(checksum(out));
  out.resize(kSlot, '\0');
  return out;
}

struct Slot {
  std::uint64_t generation = 0;
  WalMarks marks;
};

std::optional<Slot> parse_slot(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  ByteReader r(bytes.substr(kMagic.size()));
  Slot slot;
  slot.generation = r.u64();
  slot.marks.manifest = r.u64();
  slot.marks.next_manifest = r.u64();
  const std::size_t count = r.u16();
  if (count > WalMarks::kMaxLogs) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t log = r.u64();
    slot.marks.logs.push_back({log, r.u64()});
  }
  const std::string_view summed = bytes.substr(0, bytes.size() - r.rest().size());
  if (r.u64() != checksum(summed) || !r.ok()) return std::nullopt;
  return slot;
}

std::string name_of_marks(const std::string& folder) { return folder + "/SYNCED"; }

}  // namespace

std::uint64_t WalMarks::of(std::uint64_t log) const {
  const auto it = std::ranges::find(logs, log, &SyncedMark::log);
  return it == logs.end() ? 0 : it->octets;
}

void WalMarks::set(const SyncedMark& mark) {
  const auto it = std::ranges::lower_bound(logs, mark.log, {}, &SyncedMark::log);
  if (it != logs.end() && it->log == mark.log) {
    it->octets = mark.octets;
  } else {
    logs.insert(it, mark);
    if (logs.size() > kMaxLogs) logs.erase(logs.begin());
  }
}

void WalMarks::erase(std::uint64_t log) {
  std::erase_if(logs, [&](const SyncedMark& mark) { return mark.log == log; });
}

WalMarkFile::WalMarkFile(const std::string& folder) : folder_(folder) {}

WalMarkFile::~WalMarkFile() {
  if (fd_ >= 0) close(fd_);
}

std::optional<WalMarks> WalMarkFile::read() {
  std::ifstream file(name_of_marks(folder_), std::ios::binary);
  std::array<char, 2 * kSlot> bytes{};
  file.read(bytes.data(), bytes.size());
  std::optional<Slot> newest;
  for (std::size_t i = 0; i < 2; ++i) {
    auto slot = parse_slot({bytes.data() + i * kSlot, kSlot});
    if (slot && (!newest || slot->generation > newest->generation)) newest = std::move(slot);
  }
  if (!newest) return std::nullopt;
  generation_ = newest->generation;
  return std::move(newest->marks);
}

Status WalMarkFile::open_for_writing() {
  if (fd_ >= 0) return {};
  const std::string name = name_of_marks(folder_);
  fd_ = open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0)
    return posthorn::fail(ErrorKind::io, name + " cannot be written", std::strerror(errno));
  return sync_folder(folder_);
}

Status WalMarkFile::put_slot(const WalMarks& marks) {
  if (Status ok = open_for_writing(); !ok) return ok;
  const std::string slot = format_slot(marks, ++generation_);
  const auto at = static_cast<off_t>(generation_ % 2 * kSlot);
  if (pwrite(fd_, slot.data(), slot.size(), at) == static_cast<ssize_t>(slot.size())) return {};
  return posthorn::fail(ErrorKind::io, name_of_marks(folder_) + " cannot be written",
                        std::strerror(errno));
}

Status WalMarkFile::write(const WalMarks& marks) { return put_slot(marks); }

Status WalMarkFile::write_both(const WalMarks& marks) {
  if (Status ok = put_slot(marks); !ok) return ok;
  return put_slot(marks);
}

Status WalMarkFile::sync() const {
  if (fdatasync(fd_) == 0) return {};
  return posthorn::fail(ErrorKind::io, name_of_marks(folder_) + " cannot be made durable",
                        std::strerror(errno));
}

std::optional<std::uint64_t> manifest_named_by(std::string_view current) {
  if (!current.ends_with('\n')) return std::nullopt;
  current.remove_suffix(1);
  return manifest_number(current);
}

std::optional<std::uint64_t> current_manifest(const std::string& folder) {
  std::ifstream file(folder + "/CURRENT", std::ios::binary);
  std::array<char, 64> bytes{};
  file.read(bytes.data(), bytes.size());
  return manifest_named_by({bytes.data(), static_cast<std::size_t>(file.gcount())});
}

}  // namespace posthorn::engine::rocks
