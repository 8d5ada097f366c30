#include "relay/envelope.h"

#include <charconv>
#include <string_view>

namespace posthorn::relay {

using wire::smtp::Address;

namespace {

Address address_of(std::string_view text) {
  return wire::smtp::parse_address(text, wire::smtp::BareNames::any).value_or(Address{});
}

wire::smtp::Body body_of(store::BodyKind kind) {
  switch (kind) {
    case store::BodyKind::seven_bit: return wire::smtp::Body::seven_bit;
    case store::BodyKind::eight_bit_mime: return wire::smtp::Body::eight_bit_mime;
    case store::BodyKind::binary_mime: return wire::smtp::Body::binary_mime;
  }
  return wire::smtp::Body::seven_bit;
}

std::optional<wire::smtp::Ret> ret_of(store::ReturnContent content) {
  switch (content) {
    case store::ReturnContent::not_said: return std::nullopt;
    case store::ReturnContent::full: return wire::smtp::Ret::full;
    case store::ReturnContent::headers: return wire::smtp::Ret::headers;
  }
  return std::nullopt;
}

wire::smtp::Rcpt recipient_of(const store::OutboxRecipient& from) {
  const auto has = [&](store::Notify n) { return (from.notify & store::bit(n)) != 0; };
  wire::smtp::Rcpt to;
  to.to = address_of(from.address);
  to.notify = {.never = has(store::Notify::never),
               .success = has(store::Notify::success),
               .failure = has(store::Notify::failure),
               .delay = has(store::Notify::delay)};
  if (const std::size_t cut = from.orcpt.find(';'); cut != std::string::npos)
    to.orcpt = {from.orcpt.substr(0, cut), from.orcpt.substr(cut + 1)};
  return to;
}

}  // namespace

client::SmtpEnvelope make_envelope(const store::OutboxEntry& entry,
                                   std::span<const std::size_t> recipients) {
  client::SmtpEnvelope envelope;
  envelope.mail.from = address_of(entry.return_path);
  wire::smtp::MailParameters& with = envelope.mail.parameters;
  with.body = body_of(entry.body);
  with.smtputf8 = entry.smtputf8;
  with.ret = ret_of(entry.ret);
  if (!entry.envid.empty()) with.envid = entry.envid;
  for (const std::size_t i : recipients)
    envelope.recipients.push_back(recipient_of(entry.recipients[i]));
  return envelope;
}

std::uint64_t session_of(const store::OutboxEntry& entry) {
  const std::string_view said = std::string_view(entry.session).substr(0, entry.session.find(' '));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), number, 16);
  // Older entries begin with an address instead.
  return error == std::errc() && end == said.data() + said.size() ? number : 0;
}

}  // namespace posthorn::relay
