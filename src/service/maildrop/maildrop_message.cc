#include "service/maildrop/maildrop_message.h"

#include <algorithm>
#include <utility>

#include "message/surrogate.h"
#include "text/ascii.h"

namespace posthorn::service {

using async::Task;

namespace {

constexpr std::uint64_t kPortion = 64 << 10;

}  // namespace

Task<Result<std::unique_ptr<MaildropMessage>>> MaildropMessage::open(store::AccountPtr account,
                                                                     Ordinal ordinal,
                                                                     Options options) {
  std::unique_ptr<MaildropMessage> message(new MaildropMessage(account));
  co_await message->reader_.load({&ordinal, 1},
                                 bit(store::Column::header) | bit(store::Column::body));
  auto header = message->reader_.get(ordinal, store::Column::header);
  if (!header) co_return pass(header);
  auto body = message->reader_.get(ordinal, store::Column::body);
  if (!body) co_return pass(body);
  auto octets = MessageOctets::open(std::move(account), *header, *body);
  if (!octets) co_return pass(octets);
  message->octets_ = std::move(*octets);
  message->lines_left_ = options.body_lines;
  if (options.header == HeaderForm::ascii && !text::is_ascii(*header))
    message->fields_.emplace(*header);
  co_return message;
}

Task<Status> MaildropMessage::prepare() {
  const std::uint64_t header = octets_->header_size();
  if (!lines_left_) co_return co_await octets_->prepare(header, octets_->size());
  // Only reading the lines shows how far they reach.
  std::uint64_t lines = *lines_left_;
  for (std::uint64_t at = header; lines > 0;) {
    auto portion = co_await octets_->read(at, kPortion);
    if (!portion) co_return pass(portion);
    if (portion->empty()) break;
    at += portion->size();
    lines -= std::min<std::uint64_t>(lines, std::ranges::count(*portion, '\n'));
  }
  co_return Status();
}

Task<Result<std::string_view>> MaildropMessage::next() {
  if (ended_) co_return std::string_view();
  auto portion = co_await stored();
  if (!portion) co_return pass(portion);
  if (!portion->empty()) co_return crlf_.take(*portion, scratch_);
  ended_ = true;
  co_return crlf_.finish();
}

/// Returns the next field in ASCII, then the blank line; none after the header.
std::optional<std::string_view> MaildropMessage::rewritten_field() {
  if (message::HeaderField field; fields_->next(field)) {
    field_ = message::ascii_field(field);
    return field_;
  }
  field_ = fields_->blank_line();
  fields_.reset();
  at_ = octets_->header_size();
  if (field_.empty()) return std::nullopt;
  return field_;
}

Task<Result<std::string_view>> MaildropMessage::stored() {
  if (fields_)
    if (const auto field = rewritten_field()) co_return *field;
  const std::uint64_t header = octets_->header_size();
  if (at_ >= header && lines_left_ == 0U) co_return std::string_view();
  const bool in_header = at_ < header;
  auto portion =
      co_await octets_->read(at_, in_header ? std::min(kPortion, header - at_) : kPortion);
  if (!portion) co_return pass(portion);
  at_ += portion->size();
  co_return in_header ? *portion : within_lines(*portion);
}

std::string_view MaildropMessage::within_lines(std::string_view body) {
  if (!lines_left_) return body;
  std::size_t end = 0;
  while (*lines_left_ > 0 && end < body.size()) {
    const std::size_t lf = body.find('\n', end);
    if (lf == std::string_view::npos) return body;
    end = lf + 1;
    --*lines_left_;
  }
  return body.substr(0, end);
}

}  // namespace posthorn::service
