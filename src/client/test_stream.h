#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "net/stream.h"

namespace posthorn::client {

/// For tests: a server with prepared answers. Each read returns at most `step` octets of the next
/// entry. An entry that is an ErrorKind makes one wait fail with that error. After the last entry
/// the stream is at its end.
class ScriptedStream final : public net::Stream {
 public:
  using Entry = std::variant<std::string, ErrorKind>;
  /// A record of both sides: "> " followed by what was written, "< " followed by the entry whose
  /// reading then began.
  struct Record {
    std::string written;
    std::vector<std::string> written_at_read;  ///< Everything written so far, at the moment the
                                               ///< reading of each entry began.
    bool shut_down = false;
    bool closed = false;
    /// Set by the test: a write that exceeds this many octets in total fails.
    std::size_t write_limit = SIZE_MAX;
  };

  ScriptedStream(std::vector<Entry> script, Record& record, std::size_t step = 1U << 20)
      : script_(script.begin(), script.end()), record_(record), step_(step) {}

  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds) override {
    co_return read(into);
  }
  async::Task<Result<bool>> wait_readable(std::chrono::milliseconds) override {
    if (auto error = take_error()) co_return fail(*error, "scripted");
    co_return true;
  }
  void wake() override {}
  async::Task<Status> write(std::string_view bytes, std::chrono::milliseconds) override {
    record_.written += bytes;
    if (record_.written.size() > record_.write_limit) co_return fail(ErrorKind::closed, "scripted");
    co_return Status();
  }
  async::Task<Status> start_tls(std::shared_ptr<net::TlsContext>, std::chrono::milliseconds,
                                std::string_view) override {
    co_return fail(ErrorKind::not_supported, "scripted");
  }
  Status start_deflate() override { return fail(ErrorKind::not_supported, "scripted"); }
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] bool is_deflate() const override { return false; }
  [[nodiscard]] std::string tls_description() const override { return {}; }
  [[nodiscard]] std::string channel_binding(std::string_view) const override { return {}; }
  [[nodiscard]] std::string peer() const override { return "unix"; }
  async::Task<void> close() override {
    record_.closed = true;
    co_return;
  }
  void shutdown_now() override { record_.shut_down = true; }

 private:
  std::optional<ErrorKind> take_error() {
    if (!current_.empty() || script_.empty()) return std::nullopt;
    const auto* error = std::get_if<ErrorKind>(&script_.front());
    if (!error) return std::nullopt;
    const ErrorKind kind = *error;
    script_.pop_front();
    return kind;
  }

  Result<std::size_t> read(std::span<char> into) {
    if (auto error = take_error()) return fail(*error, "scripted");
    if (current_.empty()) {
      if (script_.empty()) return 0;
      current_ = std::get<std::string>(script_.front());
      script_.pop_front();
      record_.written_at_read.push_back(record_.written);
    }
    const std::size_t n = current_.copy(into.data(), std::min(into.size(), step_));
    current_.erase(0, n);
    return n;
  }

  std::deque<Entry> script_;
  std::string current_;
  Record& record_;
  std::size_t step_;
};

}  // namespace posthorn::client
