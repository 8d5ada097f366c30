#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "search/row_order.h"
#include "search/text_numbers.h"
#include "search/thread.h"
#include "search/work_limit.h"

namespace posthorn::search {

/// What threading needs of messages, by column. A message is known by its place here.
class ThreadInput {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Message {
    std::uint32_t position = 0;
    std::int64_t sent = 0;  ///< RFC 5256 §2.2.
    std::string_view base_subject;
    bool reply = false;           ///< The subject is that of a reply or forward.
    std::string_view message_id;  ///< Empty: none that is valid.
  };
  /// Requires: a position above all so far. `references` is a range of things a string_view can be
  /// made of, oldest first. How many there are is bounded where mail is stored: a digest keeps 8 KB
  /// of them, the first and the last ones (message/digest.cc).
  template <class References>
  void add(const Message& message, const References& references) {
    positions_.push_back(message.position);
    sent_.push_back(message.sent);
    subjects_.add(message.base_subject);
    replies_.push_back(message.reply);
    ids_.push_back(message.message_id.empty() ? kNone : numbers_.number(message.message_id));
    for (const auto& id : references) references_.push_back(numbers_.number(id));
    reference_ends_.push_back(references_.size());
  }

  /// Octets of texts kept.
  [[nodiscard]] std::uint64_t octets() const {
    return subjects_.octets() + numbers_.octets() + references_.size() * sizeof(std::uint32_t);
  }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(sent_.size()); }
  [[nodiscard]] std::uint32_t position(std::uint32_t m) const { return positions_[m]; }
  [[nodiscard]] std::span<const std::int64_t> sent() const { return sent_; }
  [[nodiscard]] const TextColumn& subjects() const { return subjects_; }
  [[nodiscard]] bool is_reply(std::uint32_t m) const { return replies_[m]; }
  /// Message-IDs as numbers below id_count(); kNone: no valid one.
  [[nodiscard]] std::uint32_t id_count() const { return numbers_.count(); }
  [[nodiscard]] std::uint32_t id(std::uint32_t m) const { return ids_[m]; }
  [[nodiscard]] std::span<const std::uint32_t> references(std::uint32_t m) const {
    return std::span(references_)
        .subspan(reference_ends_[m], reference_ends_[m + 1] - reference_ends_[m]);
  }

 private:
  std::vector<std::uint32_t> positions_;
  std::vector<std::int64_t> sent_;
  TextColumn subjects_;
  std::vector<bool> replies_;
  TextNumbers numbers_;
  std::vector<std::uint32_t> ids_;
  std::vector<std::uint32_t> references_;
  std::vector<std::size_t> reference_ends_ = {0};
};

/// Both take time about linear in the messages, their subjects and their references, whatever these
/// are. Empty when `work` is over before the end.
ThreadForest thread_by_subject(const ThreadInput& messages, Work& work);
ThreadForest thread_by_references(const ThreadInput& messages, Work& work);
/// For tests: `steps_by_foot` up the trees are taken before the structure for deep trees is used.
ThreadForest thread_by_references(const ThreadInput& messages, Work& work,
                                  std::uint64_t steps_by_foot);

}  // namespace posthorn::search
