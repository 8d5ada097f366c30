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

/// An integer with a type of its own, so that different kinds of number cannot be confused.
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
/// RFC 9051 §2.3.1.2: a message's position, counted from 1, in the mailbox as the session knows it.
using Seqnum = StrongNumber<struct SeqnumTag, std::uint32_t>;
/// RFC 7162 §3.1: the account's change number as clients see it. A mailbox that was never changed
/// has 1.
using ModSeq = StrongNumber<struct ModSeqTag, std::uint64_t>;
using UidValidity = StrongNumber<struct UidValidityTag, std::uint32_t>;
/// Identifies a mailbox within its account. Survives renaming and is never reused.
using MailboxId = StrongNumber<struct MailboxIdTag, std::uint32_t>;
/// Identifies a stored message within its account. Assigned in ascending order, and shared by all
/// copies of the message (docs/architecture.md).
using Ordinal = StrongNumber<struct OrdinalTag, std::uint64_t>;
/// A position in a partition's log of changes; 0 is before the first change.
using Seq = StrongNumber<struct SeqTag, std::uint64_t>;
/// Identifies a page within its partition.
using PageNumber = StrongNumber<struct PageNumberTag, std::uint64_t>;

/// 128 random bits. Never reused, so that no cache and no stored key can confuse two owners.
template <class Tag>
struct WideId {
  std::array<std::uint8_t, 16> bytes{};
  friend constexpr auto operator<=>(const WideId&, const WideId&) = default;
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// An account and its partition have the same 128 bits.
using PartitionId = WideId<struct PartitionIdTag>;
using AccountId = PartitionId;

/// Taken from the operating system's random source.
PartitionId random_partition_id();
/// Converts to 32 lower-case hexadecimal digits, and back.
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
    std::size_t h = 0;  // The bits are random, so any eight octets are a good hash value.
    for (std::size_t i = 0; i < sizeof h; ++i) h = h << 8 | id.bytes[i];
    return h;
  }
};
