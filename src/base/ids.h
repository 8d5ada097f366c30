#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn {

/// A number that cannot be mistaken for another kind of number.
template <class Tag, class Int>
struct StrongNumber {
  using Value = Int;
  Int value = 0;
  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(Int v) : value(v) {}
  friend constexpr auto operator<=>(StrongNumber, StrongNumber) = default;
  constexpr StrongNumber& operator++() {
    ++value;
    return *this;
  }
};

/// RFC 9051 §2.3.1.1: identifies a message in a mailbox for ever. 0 is never a UID.
using Uid = StrongNumber<struct UidTag, std::uint32_t>;
/// RFC 9051 §2.3.1.2: a message's position, from 1, in what a session was told.
using Seqnum = StrongNumber<struct SeqnumTag, std::uint32_t>;
/// RFC 7162 §3.1: the account's change number as clients see it. 1 for a mailbox never changed.
using ModSeq = StrongNumber<struct ModSeqTag, std::uint64_t>;
using UidValidity = StrongNumber<struct UidValidityTag, std::uint32_t>;
/// A mailbox within its account; never reused, whatever the mailbox is renamed to.
using MailboxId = StrongNumber<struct MailboxIdTag, std::uint32_t>;
/// A message as one account has it; given out in order, shared by its copies
/// (docs/architecture.md).
using Ordinal = StrongNumber<struct OrdinalTag, std::uint64_t>;
/// Position in a partition's log of changes; 0 before the first.
using Seq = StrongNumber<struct SeqTag, std::uint64_t>;
/// Names a page within its partition.
using PageNumber = StrongNumber<struct PageNumberTag, std::uint64_t>;

/// 128 random bits: never reused, so no cache and no stored key can confuse two owners.
template <class Tag>
struct WideId {
  std::array<std::uint8_t, 16> bytes{};
  friend constexpr auto operator<=>(const WideId&, const WideId&) = default;
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// An account and the partition that holds it have the same 128 bits.
using PartitionId = WideId<struct PartitionIdTag>;
using AccountId = PartitionId;

/// From the operating system's random source.
PartitionId random_partition_id();
/// 32 lower-case hexadecimal digits and back.
std::string to_hex(const PartitionId& id);
std::optional<PartitionId> partition_id_from_hex(std::string_view hex);

}  // namespace posthorn

template <class Tag, class Int>
struct std::hash<posthorn::StrongNumber<Tag, Int>> {
  std::size_t operator()(posthorn::StrongNumber<Tag, Int> n) const noexcept {
    return std::hash<Int>{}(n.value);
  }
};

template <class Tag>
struct std::hash<posthorn::WideId<Tag>> {
  std::size_t operator()(const posthorn::WideId<Tag>& id) const noexcept {
    std::size_t h = 0;  // The bits are random already: any eight of them do.
    for (std::size_t i = 0; i < sizeof h; ++i) h = h << 8 | id.bytes[i];
    return h;
  }
};
