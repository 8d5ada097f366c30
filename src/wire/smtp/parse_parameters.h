#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace posthorn::wire::smtp {

/// Parses Mail-parameters (RFC 5321 §4.1.2); `text` may be empty. An error is the reply to send.
std::expected<MailParameters, Reply> parse_mail_parameters(std::string_view text);
/// Parses Rcpt-parameters into `rcpt`. Returns the reply to send if they are refused.
std::optional<Reply> parse_rcpt_parameters(std::string_view text, Rcpt& rcpt);

}  // namespace posthorn::wire::smtp
