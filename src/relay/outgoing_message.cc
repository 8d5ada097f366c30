#include "relay/outgoing_message.h"

#include <array>

#include "message/header/header.h"
#include "service/forwarding/forwarder.h"
#include "text/ascii.h"

namespace posthorn::relay {
namespace {

/// Octets requested from the store at a time.
constexpr std::uint64_t kBlock = 128U << 10;

/// Finds octets that only BINARYMIME can transport (RFC 3030 §3), also across piece borders.
class BinaryFinder {
 public:
  explicit BinaryFinder(bool line_ends_matter) : line_ends_matter_(line_ends_matter) {}
  void feed(std::string_view octets) {
    if (found_) return;
    found_ = octets.contains('\0');
    if (!line_ends_matter_ || found_) return;
    for (const char c : octets) {
      if ((c == '\n') != cr_) found_ = true;  // An LF without CR, or a CR without LF.
      cr_ = c == '\r';
    }
  }
  [[nodiscard]] bool found() const { return found_ || (line_ends_matter_ && cr_); }

 private:
  const bool line_ends_matter_;
  bool cr_ = false;
  bool found_ = false;
};

}  // namespace

class OutgoingMessage::Source final : public client::SmtpSource {
 public:
  explicit Source(const OutgoingMessage& message) : message_(message) {}

  async::Task<Result<std::string_view>> next() override {
    if (!std::exchange(header_given_, true)) co_return std::string_view(message_.header_);
    auto chunk = co_await message_.body_->read(offset_, kBlock);
    if (!chunk) co_return pass(chunk);
    chunk_ = std::move(*chunk);
    offset_ += chunk_.bytes.size();
    co_return chunk_.bytes;
  }

 private:
  const OutgoingMessage& message_;
  bool header_given_ = false;
  std::uint64_t offset_ = 0;
  store::BodyReader::Chunk chunk_;
};

async::Task<Result<OutgoingMessage>> OutgoingMessage::open(store::AccountPtr account,
                                                           store::OutboxEntryPtr entry) {
  OutgoingMessage message;
  auto forwarded = co_await service::is_forwarding_account(account->store(), account->id());
  if (!forwarded) co_return pass(forwarded);
  store::EmailReader reader(account);
  const std::array<Ordinal, 1> ordinals = {entry->email};
  co_await reader.load(ordinals,
                       store::bit(store::Column::header) | store::bit(store::Column::body));
  auto header = reader.get(entry->email, store::Column::header);
  if (!header) co_return pass(header);
  auto list = reader.get(entry->email, store::Column::body);
  if (!list) co_return pass(list);
  auto body = store::BodyReader::open(std::move(account), *list);
  if (!body) co_return pass(body);
  message.header_ = entry->trace;
  if (*forwarded) {
    message.header_ += *header;
  } else {
    const std::array<std::string, 2> hidden = {"Bcc", "Resent-Bcc"};
    message::append_filtered_header(message.header_, *header, hidden,
                                    message::HeaderFilter::fields_not);
  }
  message.body_ = std::make_shared<store::BodyReader>(std::move(*body));
  message.entry_ = std::move(entry);
  co_return message;
}

std::unique_ptr<client::SmtpSource> OutgoingMessage::source() const {
  return std::make_unique<Source>(*this);
}

async::Task<Result<client::SmtpContent>> OutgoingMessage::content() const {
  client::SmtpContent content;
  content.octets = size();
  content.utf8_header = entry_->smtputf8 && !text::is_ascii(header_);
  BinaryFinder binary(entry_->body == store::BodyKind::binary_mime);
  Source source(*this);
  while (true) {
    auto octets = co_await source.next();
    if (!octets) co_return pass(octets);
    if (octets->empty()) break;
    content.eight_bit = content.eight_bit || !text::is_ascii(*octets);
    binary.feed(*octets);
  }
  content.binary = binary.found();
  co_return content;
}

}  // namespace posthorn::relay
