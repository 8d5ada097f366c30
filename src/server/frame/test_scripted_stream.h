#pragma once

#include <algorithm>
#include <string>

#include "net/stream.h"

namespace posthorn::server::frame {

/// A client that sends a prepared script, at most `step` octets per read, and never waits.
class ScriptedStream : public net::Stream {
 public:
  ScriptedStream(std::string script, std::size_t step) : script_(std::move(script)), step_(step) {}
  [[nodiscard]] const std::string& output() const { return output_; }

  async::Task<Result<std::size_t>> read_some(std::span<char> into,
                                             std::chrono::milliseconds) override {
    const std::size_t n = std::min({into.size(), step_, script_.size() - at_});
    std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    co_return n;
  }
  async::Task<Result<bool>> wait_readable(std::chrono::milliseconds) override { co_return true; }
  void wake() override {}
  async::Task<Status> write(std::string_view bytes, std::chrono::milliseconds) override {
    output_ += bytes;
    co_return Status();
  }
  async::Task<Status> start_tls(std::shared_ptr<net::TlsContext>, std::chrono::milliseconds,
                                std::string_view) override {
    co_return fail(ErrorKind::not_supported, "");
  }
  Status start_deflate() override { return fail(ErrorKind::not_supported, ""); }
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] bool is_deflate() const override { return false; }
  [[nodiscard]] std::string tls_description() const override { return ""; }
  [[nodiscard]] std::string channel_binding(std::string_view) const override { return ""; }
  [[nodiscard]] std::string peer() const override { return "192.0.2.7:2500"; }
  async::Task<void> close() override { co_return; }
  void shutdown_now() override {}

 private:
  std::string script_;
  std::size_t step_;
  std::size_t at_ = 0;
  std::string output_;
};

}  // namespace posthorn::server::frame
