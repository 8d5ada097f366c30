#include "load/lmtp_client.h"

#include <fmt/format.h>

#include "net/connect.h"
#include "wire/smtp/data.h"

namespace posthorn::bench {
namespace {
constexpr std::chrono::milliseconds kDeadline{60'000};
constexpr std::size_t kReadSize = 4096;
}  // namespace

async::Task<Result<std::unique_ptr<LmtpClient>>> LmtpClient::connect(std::string host,
                                                                     std::uint16_t port) {
  auto stream = co_await net::connect(std::move(host), port, kDeadline);
  if (!stream) co_return pass(stream);
  auto client = std::make_unique<LmtpClient>(std::move(*stream));
  Status greeted = co_await client->expect(2);
  if (!greeted) co_return pass(greeted);
  Status sent = co_await client->stream_->write("LHLO load.example.org\r\n", kDeadline);
  if (!sent) co_return pass(sent);
  Status welcome = co_await client->expect(2);
  if (!welcome) co_return pass(welcome);
  co_return std::move(client);
}

async::Task<Status> LmtpClient::expect(unsigned first_digit) {
  while (true) {
    std::string_view rest = std::string_view(buffer_).substr(begin_);
    const std::size_t before = rest.size();
    auto reply = reader_.take(rest);
    begin_ += before - rest.size();
    if (reply) {
      if (!*reply) co_return pass(*reply);
      if ((*reply)->code / 100U == first_digit) co_return Status();
      co_return fail(ErrorKind::io, "LMTP: " + wire::smtp::format_reply(**reply));
    }
    begin_ = 0;
    buffer_.resize(kReadSize);
    auto got = co_await stream_->read_some(buffer_, kDeadline);
    buffer_.resize(got ? *got : 0);
    if (!got) co_return pass(got);
    if (*got == 0) co_return fail(ErrorKind::closed, "the LMTP server closed the connection");
  }
}

async::Task<Status> LmtpClient::deliver(const std::vector<std::string>& recipients,
                                        std::string_view message) {
  std::string envelope = "MAIL FROM:<sender@example.com>\r\n";
  for (const std::string& recipient : recipients)
    envelope += fmt::format("RCPT TO:<{}>\r\n", recipient);
  envelope += "DATA\r\n";
  Status sent = co_await stream_->write(envelope, kDeadline);
  if (!sent) co_return sent;
  for (std::size_t i = 0; i < recipients.size() + 1; ++i) {
    Status accepted = co_await expect(2);
    if (!accepted) co_return accepted;
  }
  Status go = co_await expect(3);
  if (!go) co_return go;
  std::string data;
  data.reserve(message.size() + 64);
  wire::smtp::DataSender sender;
  sender.add(message, data);
  sender.finish(data);
  sent = co_await stream_->write(data, kDeadline);
  if (!sent) co_return sent;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    Status stored = co_await expect(2);
    if (!stored) co_return stored;
  }
  co_return Status();
}

async::Task<void> LmtpClient::quit() {
  Status sent = co_await stream_->write("QUIT\r\n", kDeadline);
  if (sent) (void)co_await expect(2);
  co_await stream_->close();
}

}  // namespace posthorn::bench
