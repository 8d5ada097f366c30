#include "relay/report_mail.h"

#include "auth/crypto.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "relay/outgoing_message.h"
#include "store/change/upload.h"
#include "store/store.h"
#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::relay {

using message::DeliveryReport;
using message::ReportAction;
using message::ReportedRecipient;
using message::Returned;

namespace {

std::string random_hex() {
  std::string out;
  for (const char c : auth::random_bytes(12))
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// RFC 3461 §6.2: the whole message only with a failure, if it was asked for and is not too large.
Returned what_returns(const store::OutboxEntry& entry,
                      const std::vector<ReportedRecipient>& recipients,
                      const RelayOptions& options) {
  const bool failed = std::ranges::find(recipients, ReportAction::failed,
                                        &ReportedRecipient::action) != recipients.end();
  return failed && entry.ret == store::ReturnContent::full && entry.size <= options.returned_octets
             ? Returned::full
             : Returned::headers;
}

DeliveryReport describe(const store::OutboxEntry& entry, const std::string& header,
                        const RelayOptions& options, Timestamp now) {
  DeliveryReport report;
  report.hostname = options.hostname;
  report.to = entry.return_path;
  report.message_id = fmt::format("report.{}@{}", random_hex(), options.hostname);
  report.boundary = "=_posthorn_" + random_hex();
  report.now = now;
  report.submitted = {entry.submitted, 0};
  report.envid = entry.envid;
  if (const auto subject = message::find_header(header, "Subject"))
    report.subject = text::utf8_cut(message::decode_header_value(*subject), 500);
  if (const auto id = message::find_header(header, "Message-ID"))
    report.about = message::parse_message_id(*id);
  report.is_utf8 = entry.smtputf8;
  return report;
}

message::Octets octets_of(const client::SmtpContent& content) {
  if (content.binary) return message::Octets::binary;
  return content.eight_bit ? message::Octets::eight_bit : message::Octets::seven_bit;
}

}  // namespace

async::Task<Result<store::NewEmail>> make_report(store::AccountPtr account,
                                                 store::OutboxEntryPtr entry,
                                                 std::vector<ReportedRecipient> recipients,
                                                 const RelayOptions& options) {
  auto message = co_await OutgoingMessage::open(account, entry);
  if (!message) co_return pass(message);
  const std::string& header = message->header();
  DeliveryReport report = describe(*entry, header, options, account->store().clock().now());
  report.returned = what_returns(*entry, recipients, options);
  report.recipients = std::move(recipients);
  report.octets = text::is_ascii(header) ? message::Octets::seven_bit : message::Octets::eight_bit;
  if (report.returned == Returned::full) {
    auto content = co_await message->content();
    if (!content) co_return pass(content);
    report.octets = octets_of(*content);
  }
  const message::ReportFrame frame = message::frame_report(report);
  store::Upload upload(account->store(), account->id());
  Status fed = co_await upload.feed(frame.head);
  const auto source = message->source();
  while (fed) {
    auto octets = co_await source->next();
    if (!octets) co_return pass(octets);
    if (octets->empty()) break;
    fed = co_await upload.feed(*octets);
    if (report.returned == Returned::headers) break;  // The first block is the header.
  }
  if (fed) fed = co_await upload.feed(frame.tail);
  if (!fed) co_return pass(fed);
  co_return co_await upload.finish("Return-Path: <>\r\n");
}

}  // namespace posthorn::relay
