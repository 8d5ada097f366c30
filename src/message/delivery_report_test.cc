#include "message/delivery_report.h"

#include <gtest/gtest.h>

#include "message/mime/analyzer.h"

namespace posthorn::message {
namespace {

DeliveryReport failed_report() {
  DeliveryReport report;
  report.hostname = "mail.example.org";
  report.to = "ann@example.org";
  report.message_id = "report.1@mail.example.org";
  report.boundary = "=_b0";
  report.now = {1795405893, 0};
  report.submitted = {1795400000, 0};
  report.envid = "QQ 314159";
  report.subject =
      "Gr\xc3\xbc\xc3\x9f"
      "e";
  report.about = "1@example.org";
  report.recipients = {{.address = "bob@example.com",
                        .original = "rfc822;Bob@example.com",
                        .status = "5.1.1",
                        .reason = "550 5.1.1 no such user, and a text that is so long that it has "
                                  "to be broken",
                        .remote_mta = "relay.example.com",
                        .last_attempt = Timestamp{1795405890, 0}}};
  return report;
}

std::string whole(const DeliveryReport& report, std::string_view original) {
  const ReportFrame frame = frame_report(report);
  return frame.head + std::string(original) + frame.tail;
}

Analysis analyze(std::string_view bytes) {
  Analyzer analyzer;
  analyzer.feed(bytes);
  return analyzer.finish();
}

TEST(DeliveryReport, OfAFailure) {
  EXPECT_EQ(whole(failed_report(), "Subject: x\r\n"),
            "From: Mail Delivery <MAILER-DAEMON@mail.example.org>\r\n"
            "To: <ann@example.org>\r\n"
            "Subject: Your message could not be delivered\r\n"
            "Date: Mon, 23 Nov 2026 03:51:33 +0000\r\n"
            "Message-ID: <report.1@mail.example.org>\r\n"
            "References: <1@example.org>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_b0\"\r\n"
            "Content-Transfer-Encoding: 8bit\r\n"
            "\r\n--=_b0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n"
            "\r\n"
            "This is the mail server at mail.example.org.\r\n"
            "\r\n"
            "It concerns your message of Mon, 23 Nov 2026 02:13:20 +0000, with the\r\n"
            "subject\r\n"
            "\r\n"
            "    Gr\xc3\xbc\xc3\x9f"
            "e\r\n"
            "\r\n"
            "It could not be delivered to these recipients and will not be tried again:\r\n"
            "\r\n"
            "<bob@example.com>\r\n"
            "    relay.example.com said: 550 5.1.1 no such user, and a text that is so\r\n"
            "    long that it has to be broken\r\n"
            "\r\n--=_b0\r\n"
            "Content-Type: message/delivery-status\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Reporting-MTA: dns; mail.example.org\r\n"
            "Original-Envelope-Id: QQ 314159\r\n"
            "Arrival-Date: Mon, 23 Nov 2026 02:13:20 +0000\r\n"
            "\r\n"
            "Original-Recipient: rfc822;Bob@example.com\r\n"
            "Final-Recipient: rfc822; bob@example.com\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n"
            "Remote-MTA: dns; relay.example.com\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user, and a text that is so long\r\n"
            "  that it has to be broken\r\n"
            "Last-Attempt-Date: Mon, 23 Nov 2026 03:51:30 +0000\r\n"
            "\r\n--=_b0\r\n"
            "Content-Type: text/rfc822-headers\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Subject: x\r\n"
            "\r\n--=_b0--\r\n");
}

TEST(DeliveryReport, OfADelayAndSuccesses) {
  DeliveryReport report = failed_report();
  report.envid.clear();
  report.subject.clear();
  report.about.clear();
  report.recipients = {{.address = "a@x",
                        .action = ReportAction::delayed,
                        .status = "4.4.1",
                        .reason = "451 4.4.1 connection refused",
                        .retried_until = Timestamp{1795500000, 0}},
                       {.address = "b@x", .action = ReportAction::relayed, .status = "2.0.0"},
                       {.address = "c@x", .action = ReportAction::delivered, .status = "2.0.0"}};
  const std::string head = frame_report(report).head;
  EXPECT_NE(head.find("Subject: Your message is delayed\r\n"), std::string::npos);
  EXPECT_EQ(head.find("References"), std::string::npos);
  EXPECT_EQ(head.find("Original-Envelope-Id"), std::string::npos);
  EXPECT_NE(head.find("Content-Transfer-Encoding: 7bit\r\n\r\n--"), std::string::npos);
  EXPECT_NE(head.find("Final-Recipient: rfc822; a@x\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
                      "Diagnostic-Code: x-posthorn; 451 4.4.1 connection refused\r\n"
                      "Will-Retry-Until: Tue, 24 Nov 2026 06:00:00 +0000\r\n"
                      "\r\n"
                      "Final-Recipient: rfc822; b@x\r\nAction: relayed\r\nStatus: 2.0.0\r\n"
                      "\r\n"
                      "Final-Recipient: rfc822; c@x\r\nAction: delivered\r\nStatus: 2.0.0\r\n"),
            std::string::npos);
  EXPECT_NE(head.find("keep trying.\r\n\r\n<a@x>\r\n    451 4.4.1 connection refused; the server "
                      "will try until"),
            std::string::npos);
  report.recipients.erase(report.recipients.begin());
  EXPECT_NE(frame_report(report).head.find("Subject: Your message was delivered\r\n"),
            std::string::npos);
}

// RFC 6533 §4.
TEST(DeliveryReport, WithAddressesInUtf8) {
  DeliveryReport report = failed_report();
  report.recipients[0].address = "j\xc3\xbc@example.com";
  report.recipients[0].original = "utf-8;j\xc3\xbc@example.com";
  report.octets = Octets::eight_bit;
  const std::string head = frame_report(report).head;
  EXPECT_NE(head.find("Content-Type: message/global-delivery-status\r\n"
                      "Content-Transfer-Encoding: 8bit\r\n"),
            std::string::npos);
  EXPECT_NE(head.find("Original-Recipient: utf-8;j\xc3\xbc@example.com\r\n"
                      "Final-Recipient: utf-8; j\xc3\xbc@example.com\r\n"),
            std::string::npos);
  EXPECT_NE(head.find("Content-Type: message/global-headers\r\n"), std::string::npos);
  report.returned = Returned::full;
  EXPECT_NE(frame_report(report).head.find("Content-Type: message/global\r\n"), std::string::npos);
}

TEST(DeliveryReport, IsWhatItsPartsSay) {
  DeliveryReport report = failed_report();
  report.returned = Returned::full;
  report.octets = Octets::binary;
  const std::string original = "Subject: inner\r\n\r\n--=_b1\r\nbody\r\n";
  const std::string bytes = whole(report, original);
  const Analysis analysis = analyze(bytes);
  ASSERT_EQ(analysis.root.children.size(), 3U);
  const auto body_of = [&](std::size_t i) {
    const Part& part = analysis.root.children[i];
    return bytes.substr(part.body_begin, part.size());
  };
  EXPECT_TRUE(body_of(0).starts_with("This is the mail server"));
  EXPECT_TRUE(body_of(1).starts_with("Reporting-MTA: dns; mail.example.org\r\n"));
  EXPECT_EQ(body_of(2), original);
  EXPECT_TRUE(analysis.root.children[2].mime.is_message());
}

TEST(DeliveryReport, NothingInItMakesALineOfItsOwn) {
  DeliveryReport report = failed_report();
  const std::string evil = "x\r\nEvil: yes\r\n\r\n--=_b0\r\n";
  report.to = evil;
  report.envid = evil;
  report.subject = evil;
  report.about = evil;
  report.recipients[0].address = evil;
  report.recipients[0].original = evil;
  report.recipients[0].reason = evil;
  report.recipients[0].remote_mta = evil;
  const std::string bytes = whole(report, "Subject: x\r\n");
  EXPECT_EQ(bytes.find("\r\nEvil"), std::string::npos);
  EXPECT_EQ(analyze(bytes).root.children.size(), 3U);
  // In reports without UTF-8, fields stay ASCII.
  report = failed_report();
  report.recipients[0].reason = "550 \xc3\xbc";
  EXPECT_NE(frame_report(report).head.find("Diagnostic-Code: smtp; 550 ??\r\n"), std::string::npos);
}

}  // namespace
}  // namespace posthorn::message
