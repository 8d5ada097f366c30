#include "store/retention.h"

#include <fmt/core.h>

#include <charconv>
#include <memory>

#include "store/store_state.h"

namespace posthorn::store {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::string_view kNever = "never";

}  // namespace

void set_retention(Store& store, const RetentionPolicy& policy) {
  store.state().retention.store(std::make_shared<const RetentionPolicy>(policy));
}

RetentionPolicy retention_policy(Store& store) { return *store.state().retention.load(); }

Result<std::int64_t> parse_retention(std::string_view text) {
  if (text == kNever) return 0;
  std::uint32_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [unit, error] = std::from_chars(begin, end, number);
  const bool one_more = error == std::errc() && unit + 1 == end;
  const std::int64_t days = one_more && *unit == 'd'   ? std::int64_t{number}
                            : one_more && *unit == 'w' ? std::int64_t{number} * 7
                                                       : -1;
  if (days * kDay < kShortestRetention || days * kDay > kLongestRetention)
    return fail(ErrorKind::bad_argument,
                "The age at which messages expire must be between 1d and 3650d, or never");
  return days * kDay;
}

std::string format_retention(std::int64_t seconds) {
  return seconds == 0 ? std::string(kNever) : fmt::format("{}d", seconds / kDay);
}

std::optional<std::int64_t> own_retention(const AccountState& state, MailboxId mailbox) {
  // Most accounts have no annotations at all.
  if (state.annotations->all().empty()) return std::nullopt;
  const AnnotationValue value =
      state.annotations->find({mailbox, {}, std::string(kRetentionEntry)});
  if (!value) return std::nullopt;
  const auto seconds = parse_retention(*value);
  return seconds ? std::optional(*seconds) : std::nullopt;
}

std::int64_t retention_of(const AccountState& state, const Mailbox& mailbox,
                          const RetentionPolicy& policy) {
  if (const auto own = own_retention(state, mailbox.id)) return *own;
  const bool trash = (mailbox.special_use & bit(SpecialUse::trash)) != 0;
  const bool junk = (mailbox.special_use & bit(SpecialUse::junk)) != 0;
  if (trash && junk && policy.trash_seconds != 0 && policy.junk_seconds != 0)
    return std::max(policy.trash_seconds, policy.junk_seconds);
  if (trash && junk) return 0;
  return trash ? policy.trash_seconds : junk ? policy.junk_seconds : 0;
}

}  // namespace posthorn::store
