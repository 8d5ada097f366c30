#include "message/delivery_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "message/header/date.h"
#include "text/ascii.h"

namespace posthorn::message {
namespace {

constexpr std::size_t kWidth = 76;

/// Puts text from outside on one line, without UTF-8 where that is not allowed.
std::string tamed(std::string_view text, bool utf8) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u < 0x20 || u == 0x7f ? ' ' : u > 0x7f && !utf8 ? '?' : c;
  }
  return out;
}

/// Wraps `text`, which starts in `column`, at spaces; later lines begin with `indent`.
void append_wrapped(std::string& out, std::string_view text, std::size_t column,
                    std::string_view indent) {
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    if (column + 1 + word.size() > kWidth && column > indent.size()) {
      out += "\r\n";
      out += indent;
      column = indent.size();
    } else if (!out.ends_with(' ') && !out.ends_with('\n')) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_wrapped(out, value, name.size() + 2, "  ");
}

class Writer {
 public:
  explicit Writer(const DeliveryReport& report) : report_(report) {
    utf8_ = report.is_utf8 || !text::is_ascii(report.to) ||
            std::ranges::any_of(report.recipients, [](const ReportedRecipient& r) {
              return !text::is_ascii(r.address) || !text::is_ascii(r.original);
            });
  }

  ReportFrame write() {
    // The text for people is made first, because the header must say whether it contains 8-bit
    // octets.
    std::string people = text_for_people();
    header(people);
    begin_part("text/plain; charset=utf-8", octets_of(people));
    out_ += people;
    begin_part(utf8_ ? "message/global-delivery-status" : "message/delivery-status",
               utf8_ ? Octets::eight_bit : Octets::seven_bit);
    message_fields();
    for (const ReportedRecipient& recipient : report_.recipients) recipient_fields(recipient);
    begin_part(returned_type(), report_.octets);
    return {std::move(out_), fmt::format("\r\n--{}--\r\n", report_.boundary)};
  }

 private:
  static Octets octets_of(std::string_view text) {
    return text::is_ascii(text) ? Octets::seven_bit : Octets::eight_bit;
  }
  static std::string_view name_of(Octets octets) {
    switch (octets) {
      case Octets::seven_bit: return "7bit";
      case Octets::eight_bit: return "8bit";
      case Octets::binary: return "binary";
    }
    return {};
  }
  static std::string_view name_of(ReportAction action) {
    switch (action) {
      case ReportAction::failed: return "failed";
      case ReportAction::delayed: return "delayed";
      case ReportAction::delivered: return "delivered";
      case ReportAction::relayed: return "relayed";
    }
    return {};
  }

  [[nodiscard]] bool has(ReportAction action) const {
    return std::ranges::find(report_.recipients, action, &ReportedRecipient::action) !=
           report_.recipients.end();
  }
  [[nodiscard]] std::string_view subject() const {
    if (has(ReportAction::failed)) return "Your message could not be delivered";
    if (has(ReportAction::delayed)) return "Your message is delayed";
    return "Your message was delivered";
  }
  [[nodiscard]] std::string_view returned_type() const {
    if (report_.returned == Returned::full) return utf8_ ? "message/global" : "message/rfc822";
    return utf8_ ? "message/global-headers" : "text/rfc822-headers";
  }

  void header(std::string_view people) {
    const Octets octets = std::max(
        {report_.octets, octets_of(people), utf8_ ? Octets::eight_bit : Octets::seven_bit});
    append_field(out_, "From", fmt::format("Mail Delivery <MAILER-DAEMON@{}>", report_.hostname));
    append_field(out_, "To", fmt::format("<{}>", tamed(report_.to, true)));
    append_field(out_, "Subject", subject());
    append_field(out_, "Date", format_date(report_.now));
    append_field(out_, "Message-ID", fmt::format("<{}>", report_.message_id));
    if (!report_.about.empty())
      append_field(out_, "References", fmt::format("<{}>", tamed(report_.about, utf8_)));
    // RFC 3834 §5: prevents automatic replies to this report.
    append_field(out_, "Auto-Submitted", "auto-replied");
    append_field(out_, "MIME-Version", "1.0");
    append_field(out_, "Content-Type",
                 fmt::format("multipart/report; report-type=delivery-status; boundary=\"{}\"",
                             report_.boundary));
    append_field(out_, "Content-Transfer-Encoding", name_of(octets));
  }

  void begin_part(std::string_view type, Octets octets) {
    out_ += fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: {}\r\n\r\n",
                        report_.boundary, type, name_of(octets));
  }

  /// RFC 3464 §2.2.
  void message_fields() {
    append_field(out_, "Reporting-MTA", "dns; " + report_.hostname);
    if (!report_.envid.empty())
      append_field(out_, "Original-Envelope-Id", tamed(report_.envid, utf8_));
    append_field(out_, "Arrival-Date", format_date(report_.submitted));
  }

  /// RFC 3464 §2.3; addresses of type "utf-8" are in RFC 6533 §4.1.
  void recipient_fields(const ReportedRecipient& recipient) {
    out_ += "\r\n";
    if (!recipient.original.empty())
      append_field(out_, "Original-Recipient", tamed(recipient.original, utf8_));
    append_field(out_, "Final-Recipient",
                 fmt::format("{}; {}", text::is_ascii(recipient.address) ? "rfc822" : "utf-8",
                             tamed(recipient.address, utf8_)));
    append_field(out_, "Action", name_of(recipient.action));
    append_field(out_, "Status", recipient.status);
    if (!recipient.remote_mta.empty()) {
      append_field(out_, "Remote-MTA", "dns; " + tamed(recipient.remote_mta, false));
      append_field(out_, "Diagnostic-Code", "smtp; " + tamed(recipient.reason, utf8_));
    } else if (!recipient.reason.empty()) {
      append_field(out_, "Diagnostic-Code", "x-posthorn; " + tamed(recipient.reason, utf8_));
    }
    if (recipient.last_attempt)
      append_field(out_, "Last-Attempt-Date", format_date(*recipient.last_attempt));
    if (recipient.retried_until)
      append_field(out_, "Will-Retry-Until", format_date(*recipient.retried_until));
  }

  std::string text_for_people() const {
    std::string text = fmt::format("This is the mail server at {}.\r\n\r\n", report_.hostname);
    append_wrapped(text,
                   fmt::format("It concerns your message of {}{}", format_date(report_.submitted),
                               report_.subject.empty() ? "." : ", with the subject"),
                   0, "");
    if (!report_.subject.empty())
      text += fmt::format("\r\n    {}\r\n", tamed(report_.subject, true));
    append_section(text, ReportAction::failed,
                   "It could not be delivered to these recipients and will not be tried again:");
    append_section(
        text, ReportAction::delayed,
        "It has not yet been delivered to these recipients. You need not do anything; the "
        "server will keep trying.");
    append_section(
        text, ReportAction::relayed,
        "It was passed to another server for these recipients. That server does not report "
        "deliveries, so you will hear nothing more if it succeeds.");
    append_section(text, ReportAction::delivered, "It was delivered to these recipients:");
    return text;
  }

  void append_section(std::string& text, ReportAction action, std::string_view words) const {
    if (!has(action)) return;
    text += "\r\n";
    append_wrapped(text, words, 0, "");
    for (const ReportedRecipient& recipient : report_.recipients) {
      if (recipient.action != action) continue;
      text += fmt::format("\r\n<{}>\r\n", tamed(recipient.address, true));
      append_reason(text, recipient);
    }
  }

  static void append_reason(std::string& text, const ReportedRecipient& recipient) {
    std::string line;
    if (!recipient.reason.empty()) {
      const std::string reason = tamed(recipient.reason, true);
      line = recipient.remote_mta.empty()
                 ? reason
                 : fmt::format("{} said: {}", tamed(recipient.remote_mta, true), reason);
    }
    if (recipient.retried_until) {
      if (!line.empty()) line += "; ";
      line += "the server will try until " + format_date(*recipient.retried_until);
    }
    if (line.empty()) return;
    text += "    ";
    append_wrapped(text, line, 4, "    ");
  }

  const DeliveryReport& report_;
  bool utf8_ = false;  ///< The parts have the types of RFC 6533.
  std::string out_;
};

}  // namespace

ReportFrame frame_report(const DeliveryReport& report) { return Writer(report).write(); }

}  // namespace posthorn::message
