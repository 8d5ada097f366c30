#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "search/row_order.h"
#include "search/text_numbers.h"
#include "search/thread.h"
#include "search/work_limit.h"

namespace posthorn::search {

/// The columns of messages that threading needs. A message is identified by its index here.
class ThreadInput {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Message {
    std::uint32_t position = 0;
    std::int64_t sent = 0;  ///< The sent date (RFC 5256 §2.2).
    std::string_view base_subject;
    bool reply = false;           ///< The subject is that of a reply or a forwarded message.
    std::string_view message_id;  ///< Empty if there is no valid one.
    std::int64_t arrived = 0;     ///< The time of INTERNALDATE; only REFS uses it.
  };
  /// Adds a message. Requires: its position is above all previous ones. `references` is a range of
  /// values convertible to string_view, oldest first. Their number is bounded when mail is stored:
  /// a digest keeps 8 KB of them, the first and the last ones (message/digest/digest.cc).
  template <class References>
  void add(const Message& message, const References& references) {
    positions_.push_back(message.position);
    sent_.push_back(message.sent);
    arrived_.push_back(message.arrived);
    subjects_.add(message.base_subject);
    replies_.push_back(message.reply);
    ids_.push_back(message.message_id.empty() ? kNone : numbers_.number(message.message_id));
    for (const auto& id : references) references_.push_back(numbers_.number(id));
    reference_ends_.push_back(references_.size());
  }

  /// Octets of all texts kept.
  [[nodiscard]] std::uint64_t octets() const {
    return subjects_.octets() + numbers_.octets() + references_.size() * sizeof(std::uint32_t);
  }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(sent_.size()); }
  [[nodiscard]] std::uint32_t position(std::uint32_t m) const { return positions_[m]; }
  [[nodiscard]] std::span<const std::int64_t> sent() const { return sent_; }
  [[nodiscard]] std::span<const std::int64_t> arrived() const { return arrived_; }
  [[nodiscard]] const TextColumn& subjects() const { return subjects_; }
  [[nodiscard]] bool is_reply(std::uint32_t m) const { return replies_[m]; }
  /// Message-IDs as numbers below id_count(); kNone if there is no valid one.
  [[nodiscard]] std::uint32_t id_count() const { return numbers_.count(); }
  [[nodiscard]] std::uint32_t id(std::uint32_t m) const { return ids_[m]; }
  [[nodiscard]] std::span<const std::uint32_t> references(std::uint32_t m) const {
    return std::span(references_)
        .subspan(reference_ends_[m], reference_ends_[m + 1] - reference_ends_[m]);
  }

 private:
  std::vector<std::uint32_t> positions_;
  std::vector<std::int64_t> sent_;
  std::vector<std::int64_t> arrived_;
  TextColumn subjects_;
  std::vector<bool> replies_;
  TextNumbers numbers_;
  std::vector<std::uint32_t> ids_;
  std::vector<std::uint32_t> references_;
  std::vector<std::size_t> reference_ends_ = {0};
};

/// All take time roughly linear in the messages, their subjects and their references, whatever
/// their contents. The result is empty if `work` was over before the end.
ThreadForest thread_by_subject(const ThreadInput& messages, Work& work);
ThreadForest thread_by_references(const ThreadInput& messages, Work& work);
/// REFS of draft-ietf-morg-inthread: REFERENCES without its step 5, so that equal subjects join
/// nothing, and with the threads in the order of the message of each that arrived last (by
/// INTERNALDATE, then by position). Within a thread, messages stay in the order of their sent
/// dates. Clients that show the threads with news at the end rely on this order.
ThreadForest thread_by_refs(const ThreadInput& messages, Work& work);
/// For tests: the number of steps up the trees that are taken before the structure for deep trees
/// is used.
ThreadForest thread_by_references(const ThreadInput& messages, Work& work,
                                  std::uint64_t steps_by_foot);

}  // namespace posthorn::search
