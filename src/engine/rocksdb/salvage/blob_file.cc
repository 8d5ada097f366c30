#include "engine/rocksdb/salvage/blob_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "engine/limits.h"
#include "engine/rocksdb/disk/read_at.h"
#include "engine/rocksdb/little_endian.h"
#include "engine/rocksdb/wal/crc32c.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::uint64_t kHeader = 32;
constexpr std::size_t kChecksumAt = 28;
constexpr std::uint8_t kBlob = 1;

}  // namespace

Result<std::string> read_blob(const std::string& folder, std::string_view key,
                              std::string_view place) {
  ByteReader r(place);
  const std::uint8_t kind = r.u8();
  const std::uint64_t number = r.varint();
  const std::uint64_t at = r.varint();
  const std::uint64_t octets = r.varint();
  const std::uint8_t compression = r.u8();
  if (!r.ok() || kind != kBlob || octets > kMaxBlob || at < kHeader + key.size())
    return posthorn::fail(ErrorKind::corrupt, "the place of a value in a blob file is damaged");
  if (compression != 0)
    return posthorn::fail(ErrorKind::not_supported, "a blob file is compressed");
  const std::string path = fmt::format("{}/{:06}.blob", folder, number);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return posthorn::fail(ErrorKind::not_found, fmt::format("{:06}.blob is missing", number));
  if (fd < 0)
    return posthorn::fail(ErrorKind::io, path + " cannot be opened", std::strerror(errno));
  std::string record(kHeader + key.size() + octets, '\0');
  const ReadOctets got = read_at(fd, at - key.size() - kHeader, record);
  close(fd);
  const std::string_view all = record;
  const bool whole = got.octets == all.size() && all.substr(kHeader, key.size()) == key &&
                     mask_crc(crc32c(all.substr(kHeader))) ==
                         little_endian<std::uint32_t>(all.substr(kChecksumAt));
  if (!whole)
    return posthorn::fail(ErrorKind::corrupt, fmt::format("{:06}.blob is damaged", number));
  record.erase(0, kHeader + key.size());
  return record;
}

}  // namespace posthorn::engine::rocks
