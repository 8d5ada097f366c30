#include "admin/json_channel.h"

namespace posthorn::admin {
namespace {

constexpr std::size_t kPortion = 128 << 10;

}  // namespace

class JsonChannel::Incoming final : public OctetSource {
 public:
  Incoming(JsonChannel& channel, std::uint64_t count) : channel_(channel), left_(count) {}

  async::Task<Result<std::string_view>> next() override {
    if (left_ == 0) co_return std::string_view();
    if (channel_.at_ == channel_.buffer_.size()) {
      Status filled = co_await channel_.fill();
      if (!filled) co_return pass(filled);
    }
    const std::string_view portion = std::string_view(channel_.buffer_).substr(channel_.at_, left_);
    channel_.at_ += portion.size();
    left_ -= portion.size();
    co_return portion;
  }

 private:
  JsonChannel& channel_;
  std::uint64_t left_;
};

std::unique_ptr<OctetSource> JsonChannel::octets(std::uint64_t count) {
  return std::make_unique<Incoming>(*this, count);
}

async::Task<Status> JsonChannel::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kPortion);
  auto got = co_await stream_.read_some({buffer_.data() + had, kPortion}, kPatience);
  buffer_.resize(had + got.value_or(0));
  if (!got) co_return pass(got);
  if (*got == 0) co_return fail(ErrorKind::closed, "the other side closed the connection");
  co_return Status();
}

async::Task<Result<Json>> JsonChannel::read() {
  std::size_t end = buffer_.find('\n', at_);
  while (end == std::string::npos) {
    if (buffer_.size() - at_ > kMaxLine) co_return fail(ErrorKind::too_big, "a line is too long");
    const std::size_t searched = buffer_.size() - at_;
    Status filled = co_await fill();
    if (!filled) co_return pass(filled);
    end = buffer_.find('\n', searched);
  }
  boost::system::error_code error;
  boost::json::value value =
      boost::json::parse(boost::json::string_view(buffer_.data() + at_, end - at_), error);
  at_ = end + 1;
  if (error || !value.is_object()) co_return fail(ErrorKind::syntax, "a line is not a JSON object");
  co_return std::move(value.get_object());
}

async::Task<Status> JsonChannel::write(const Json& json) {
  std::string line = boost::json::serialize(json);
  line += '\n';
  co_return co_await stream_.write(line, kPatience);
}

async::Task<Status> JsonChannel::write(Answer answer) {
  Status written = co_await write(answer.said);
  if (!written || !answer.octets) co_return written;
  co_return co_await send_octets(stream_, *answer.octets);
}

async::Task<Status> send_octets(net::Stream& stream, OctetSource& source) {
  while (true) {
    auto portion = co_await source.next();
    if (!portion) co_return pass(portion);
    if (portion->empty()) co_return Status();
    Status sent = co_await stream.write(*portion, JsonChannel::kPatience);
    if (!sent) co_return sent;
  }
}

}  // namespace posthorn::admin
