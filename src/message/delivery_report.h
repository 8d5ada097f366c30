#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace posthorn::message {

/// RFC 3464 §2.3.3.
enum class ReportAction : std::uint8_t {
  failed,
  delayed,
  delivered,  ///< Into a mailbox here.
  relayed,    ///< To a server that makes no reports of success.
};

struct ReportedRecipient {
  std::string address;        ///< UTF-8, without "<>".
  std::string original = {};  ///< ORCPT, "rfc822;user@example.net", decoded; empty: not said.
  ReportAction action = ReportAction::failed;
  std::string status;           ///< RFC 3463: "5.1.1".
  std::string reason = {};      ///< For people, and what the other side said, if it did.
  std::string remote_mta = {};  ///< Who said it; empty: this server.
  std::optional<Timestamp> last_attempt = {};
  std::optional<Timestamp> retried_until = {};  ///< When delayed.
};

/// How much of the message goes back (RFC 3461 §4.3).
enum class Returned : std::uint8_t { headers, full };
/// What it is made of, for the Content-Transfer-Encoding.
enum class Octets : std::uint8_t { seven_bit, eight_bit, binary };

/// What a sender is told about a message (RFC 3464, and RFC 6533 where UTF-8 comes up).
struct DeliveryReport {
  std::string hostname;    ///< Of this server.
  std::string to;          ///< The return path, without "<>". Requires: not the null path.
  std::string message_id;  ///< Of the report, without "<>".
  std::string boundary;    ///< Not to be found in the message: random.
  Timestamp now;
  Timestamp submitted;
  std::string envid = {};    ///< RFC 3461 §4.4, decoded; empty: none.
  std::string subject = {};  ///< Of the message, decoded to UTF-8.
  std::string about = {};    ///< Its Message-ID, without "<>"; empty: none.
  Returned returned = Returned::headers;
  Octets octets = Octets::seven_bit;          ///< Of what is returned.
  bool is_utf8 = false;                       ///< It was sent with SMTPUTF8.
  std::vector<ReportedRecipient> recipients;  ///< Requires: not empty.
};

/// What stands before and after the message, or its header block, that the report returns: so that
/// it can be streamed. Lines end with CRLF. The whole is a multipart/report (RFC 3462) with a text
/// for people, the status by fields, and what is returned. Whatever the values hold, no line comes
/// of it that was not meant.
struct ReportFrame {
  std::string head;
  std::string tail;
};
ReportFrame frame_report(const DeliveryReport& report);

}  // namespace posthorn::message
