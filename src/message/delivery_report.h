#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace posthorn::message {

/// The Action field (RFC 3464 §2.3.3).
enum class ReportAction : std::uint8_t {
  failed,
  delayed,
  delivered,  ///< Into a mailbox on this server.
  relayed,    ///< To a server that does not report successes.
};

struct ReportedRecipient {
  std::string address;  ///< UTF-8, without "<>".
  /// ORCPT, e.g. "rfc822;user@example.net", decoded; empty if not given.
  std::string original = {};
  ReportAction action = ReportAction::failed;
  std::string status;  ///< An RFC 3463 status, e.g. "5.1.1".
  /// For people: the reason, with the other server's reply if there was one.
  std::string reason = {};
  std::string remote_mta = {};  ///< The server that gave the reply; empty if it was this one.
  std::optional<Timestamp> last_attempt = {};
  std::optional<Timestamp> retried_until = {};  ///< For delayed recipients.
};

/// How much of the message is returned (RFC 3461 §4.3).
enum class Returned : std::uint8_t { headers, full };
/// The kind of octets in the returned message, for the Content-Transfer-Encoding.
enum class Octets : std::uint8_t { seven_bit, eight_bit, binary };

/// The contents of a report to a sender (RFC 3464, and RFC 6533 where UTF-8 is involved).
struct DeliveryReport {
  std::string hostname;    ///< This server's name.
  std::string to;          ///< The return path, without "<>". Requires: not the null path.
  std::string message_id;  ///< Message-ID of the report, without "<>".
  std::string boundary;    ///< Random: must not occur in the message.
  Timestamp now;
  Timestamp submitted;
  std::string envid = {};    ///< RFC 3461 §4.4, decoded; empty if there is none.
  std::string subject = {};  ///< Subject of the message, decoded to UTF-8.
  std::string about = {};    ///< Message-ID of the message, without "<>"; empty if there is none.
  Returned returned = Returned::headers;
  Octets octets = Octets::seven_bit;          ///< The kind of the returned octets.
  bool is_utf8 = false;                       ///< The message was sent with SMTPUTF8.
  std::vector<ReportedRecipient> recipients;  ///< Requires: not empty.
};

/// The text before and after the returned message or header block, which can thus be streamed.
/// Lines end with CRLF. Together they form a multipart/report (RFC 3462) with a text for people,
/// the status fields, and the returned part. Values from outside cannot add lines of their own.
struct ReportFrame {
  std::string head;
  std::string tail;
};
ReportFrame frame_report(const DeliveryReport& report);

}  // namespace posthorn::message
