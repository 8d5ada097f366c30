#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"

/// The annotations of mailboxes: named values that clients attach to them (METADATA, RFC 5464). All
/// of an account's are in memory while it is open, which the limits here bound.
namespace posthorn::store {

inline constexpr std::size_t kMaxAnnotationOctets = 32 * 1024;  ///< Of one value.
inline constexpr std::size_t kMaxAnnotationName = 500;          ///< Octets of a name.
inline constexpr std::size_t kMaxAnnotationsOfMailbox = 200;
inline constexpr std::size_t kMaxAnnotations = 10'000;             ///< Of an account.
inline constexpr std::size_t kMaxAnnotationOctetsInAll = 1 << 20;  ///< Names and values.

/// Names an annotation. The order puts those of one mailbox together.
struct AnnotationKey {
  MailboxId mailbox;      ///< 0: the account as a whole.
  AccountId reader = {};  ///< Who alone sees it; zero if everybody does who sees the mailbox.
  std::string entry;      ///< "/private/comment", in lower case.
  friend auto operator<=>(const AnnotationKey&, const AnnotationKey&) = default;
};

/// Values are shared between versions, so that two versions can be compared by their pointers.
using AnnotationValue = std::shared_ptr<const std::string>;

/// The annotations of an account at one change. Immutable once published.
class Annotations {
 public:
  using Map = std::map<AnnotationKey, AnnotationValue>;
  [[nodiscard]] const Map& all() const { return all_; }
  /// Null if there is none.
  [[nodiscard]] AnnotationValue find(const AnnotationKey& key) const;
  [[nodiscard]] std::size_t count_of(MailboxId mailbox) const;
  /// The keys of one mailbox.
  [[nodiscard]] std::vector<AnnotationKey> keys_of(MailboxId mailbox) const;
  /// Octets of all names and values.
  [[nodiscard]] std::uint64_t octets() const { return octets_; }

  void set(const AnnotationKey& key, AnnotationValue value);
  void erase(const AnnotationKey& key);

 private:
  Map all_;
  std::uint64_t octets_ = 0;
};

/// The keys whose values differ: added, changed or removed.
std::vector<AnnotationKey> changed_annotations(const Annotations& before, const Annotations& after);

}  // namespace posthorn::store
