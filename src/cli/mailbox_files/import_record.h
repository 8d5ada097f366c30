#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace posthorn::cli {

/// Records which messages an import has already transferred, so that the import can be interrupted
/// at any point and run again. The file is only appended to. A batch is recorded before it is sent,
/// and again when it is finished. If a batch was only sent, the import must find out whether it
/// arrived.
class ImportRecord {
 public:
  /// Errors: io.
  static Result<ImportRecord> open(const std::string& path);
  ImportRecord(ImportRecord&& other) noexcept;
  ImportRecord& operator=(ImportRecord&&) = delete;
  ~ImportRecord();

  [[nodiscard]] bool is_done(const std::string& key) const { return done_.contains(key); }
  [[nodiscard]] std::size_t done() const { return done_.size(); }

  /// A batch that was sent, and whose result is unknown. Either all of it arrived or nothing.
  struct InDoubt {
    std::vector<std::string> keys;
    /// UIDNEXT of the first message's mailbox before the batch was sent.
    std::uint32_t uid_next = 0;
  };
  [[nodiscard]] const std::optional<InDoubt>& in_doubt() const { return in_doubt_; }
  enum class Outcome : unsigned char { arrived, lost };
  Status settle(Outcome outcome);

  /// Records that a batch is about to be sent. Durable on return.
  Status begin(std::uint32_t uid_next, const std::vector<std::string>& keys);
  /// Records that the batch is finished. Not durable at once: if the record is lost, the batch is
  /// in doubt again.
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
