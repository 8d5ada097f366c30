#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace posthorn::cli {

/// What an import has brought over already, in a file that is only ever appended to, so that it can
/// be broken off at any point and run again. A batch is written down before it is sent and again
/// when it is done; of one that was only sent it has to be found out whether it arrived.
class ImportRecord {
 public:
  /// Errors: io.
  static Result<ImportRecord> open(const std::string& path);
  ImportRecord(ImportRecord&& other) noexcept;
  ImportRecord& operator=(ImportRecord&&) = delete;
  ~ImportRecord();

  [[nodiscard]] bool is_done(const std::string& key) const { return done_.contains(key); }
  [[nodiscard]] std::size_t done() const { return done_.size(); }

  /// A batch that was sent and never answered for. All of it arrived, or nothing.
  struct InDoubt {
    std::vector<std::string> keys;
    /// UIDNEXT of the first message's mailbox before it was sent.
    std::uint32_t uid_next = 0;
  };
  [[nodiscard]] const std::optional<InDoubt>& in_doubt() const { return in_doubt_; }
  enum class Outcome : unsigned char { arrived, lost };
  Status settle(Outcome outcome);

  /// Durable on return.
  Status begin(std::uint32_t uid_next, const std::vector<std::string>& keys);
  /// Not durable at once: what is lost of it makes a batch one in doubt again.
  Status finish();

 private:
  explicit ImportRecord(int fd) : fd_(fd) {}
  void load(const std::string& text);
  enum class Sync : unsigned char { no, yes };
  Status append(const std::string& text, Sync sync);

  int fd_;
  std::set<std::string> done_;
  std::optional<InDoubt> in_doubt_;
};

}  // namespace posthorn::cli
