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

/// RFC 3461 §6.2: the whole message is returned only with a failure, and only if it was requested
/// and is not too large.
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
                        const std::string& reader, const RelayOptions& options, Timestamp now) {
  DeliveryReport report;
  report.hostname = options.hostname;
  report.to = reader;
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

async::Task<Status> feed_all(const OutgoingMessage& message, store::Upload& upload) {
  const auto source = message.source();
  while (true) {
    auto octets = co_await source->next();
    if (!octets) co_return pass(octets);
    if (octets->empty()) co_return Status();
    if (Status fed = co_await upload.feed(*octets); !fed) co_return fed;
  }
}

}  // namespace

async::Task<Result<store::NewEmail>> make_report(store::AccountPtr account,
                                                 store::OutboxEntryPtr entry,
                                                 std::vector<ReportedRecipient> recipients,
                                                 ReportReader reader, const RelayOptions& options) {
  // A message that cannot be read is not returned, but the failure is reported nevertheless.
  const auto message = co_await OutgoingMessage::open(account, entry);
  const std::string& header = message ? message->header() : entry->trace;
  DeliveryReport report =
      describe(*entry, header, reader.address, options, account->store().clock().now());
  report.returned = message ? what_returns(*entry, recipients, options) : Returned::headers;
  report.recipients = std::move(recipients);
  report.octets = text::is_ascii(header) ? message::Octets::seven_bit : message::Octets::eight_bit;
  if (report.returned == Returned::full) {
    const auto content = co_await message->content();
    if (content) {
      report.octets = octets_of(*content);
    } else {
      report.returned = Returned::headers;
    }
  }
  const message::ReportFrame frame = message::frame_report(report);
  store::Upload upload(account->store(), account->id());
  Status fed = co_await upload.feed(frame.head);
  if (fed && report.returned == Returned::headers) {
    fed = co_await upload.feed(header);
  } else if (fed) {
    fed = co_await feed_all(*message, upload);
  }
  if (fed) fed = co_await upload.feed(frame.tail);
  if (!fed) co_return pass(fed);
  // Final delivery adds it (RFC 5321 §4.4).
  co_return co_await upload.finish(reader.is_elsewhere ? "" : "Return-Path: <>\r\n");
}

}  // namespace posthorn::relay
