#include <gtest/gtest.h>

#include "wire/smtp/parse_command.h"

namespace posthorn::wire::smtp {
namespace {

template <class T>
T good(std::string_view line, Dialect dialect = Dialect::lmtp, Utf8 utf8 = Utf8::not_asked) {
  auto command = parse_command(line, dialect, utf8);
  EXPECT_TRUE(command.has_value()) << line;
  if (!command) return {};
  EXPECT_TRUE(std::holds_alternative<T>(*command)) << line;
  T* const value = std::get_if<T>(&*command);
  return value ? std::move(*value) : T{};
}

int code(std::string_view line, Dialect dialect = Dialect::lmtp, Utf8 utf8 = Utf8::not_asked) {
  const auto command = parse_command(line, dialect, utf8);
  return command ? 0 : command.error().code;
}

TEST(SmtpCommand, GreetsInTheRightProtocol) {
  EXPECT_EQ(good<Hello>("LHLO mail.example.org").name, "mail.example.org");
  EXPECT_EQ(good<Hello>("lhlo [192.0.2.1]").name, "[192.0.2.1]");
  // RFC 2033 §4.1: no positive reply to these.
  EXPECT_EQ(code("EHLO mail.example.org"), 500);
  EXPECT_EQ(code("HELO mail.example.org"), 500);
  EXPECT_EQ(code("LHLO x", Dialect::smtp), 500);
  EXPECT_EQ(good<Hello>("EHLO x", Dialect::smtp).verb, Greeting::ehlo);
  EXPECT_EQ(code("LHLO"), 501);
}

TEST(SmtpCommand, ParsesMail) {
  const Mail mail = good<Mail>(
      "MAIL FROM:<anna@example.org> SIZE=12345 BODY=8BITMIME RET=HDRS ENVID=QQ+2B314 SMTPUTF8 "
      "AUTH=<>");
  EXPECT_EQ(mail.from, (Address{"anna", "example.org"}));
  EXPECT_EQ(mail.parameters.size, 12345U);
  EXPECT_EQ(mail.parameters.body, Body::eight_bit_mime);
  EXPECT_EQ(mail.parameters.ret, Ret::headers);
  EXPECT_EQ(mail.parameters.envid, "QQ+314");
  EXPECT_TRUE(mail.parameters.smtputf8);
  EXPECT_EQ(mail.parameters.auth, "<>");
  EXPECT_EQ(good<Mail>("mail from:<>").from, Address{});
  EXPECT_EQ(good<Mail>("MAIL FROM: <root>").from, (Address{"root", ""}));
  EXPECT_EQ(code("MAIL FROM:<root>", Dialect::smtp), 501);
  EXPECT_EQ(good<Mail>("MAIL FROM:<a@b> size=99999999999999999999").parameters.size, UINT64_MAX);
}

TEST(SmtpCommand, RefusesBadMail) {
  for (const char* bad :
       {"MAIL", "MAIL <a@b>", "MAIL FROM:", "MAIL FROM:a@b", "MAIL FROM:<a@b>SIZE=1",
        "MAIL FROM:<a@b> SIZE", "MAIL FROM:<a@b> SIZE=", "MAIL FROM:<a@b> SIZE=-1",
        "MAIL FROM:<a@b> SIZE=1 SIZE=2", "MAIL FROM:<a@b> SIZE=1x", "MAIL FROM:<a@b> BODY=9BIT",
        "MAIL FROM:<a@b> RET=SOME", "MAIL FROM:<a@b> ENVID=", "MAIL FROM:<a@b> ENVID=+0A",
        "MAIL FROM:<a@b> ENVID=+2", "MAIL FROM:<a@b> SMTPUTF8=1"}) {
    EXPECT_EQ(code(bad), 501) << bad;
  }
  EXPECT_EQ(code("MAIL FROM:<a@b> FROBNICATE=1"), 555);
  EXPECT_EQ(code("MAIL FROM:<a@b> NOTIFY=NEVER"), 555);
}

TEST(SmtpCommand, ParsesRcpt) {
  const Rcpt rcpt = good<Rcpt>(
      "RCPT TO:<anna+x@example.org> NOTIFY=success,DELAY ORCPT=rfc822;Anna+2Bx@example.org");
  EXPECT_EQ(rcpt.to, (Address{"anna+x", "example.org"}));
  EXPECT_EQ(rcpt.notify, (Notify{.success = true, .delay = true}));
  EXPECT_EQ(rcpt.orcpt, (OriginalRecipient{"rfc822", "Anna+x@example.org"}));
  EXPECT_EQ(good<Rcpt>("RCPT TO:<anna>").to, (Address{"anna", ""}));
  EXPECT_TRUE(good<Rcpt>("RCPT TO:<a@b> NOTIFY=NEVER").notify.never);
  EXPECT_EQ(good<Rcpt>("RCPT TO:<Postmaster>", Dialect::smtp).to.local_part, "Postmaster");
  for (const char* bad : {"RCPT TO:<>", "RCPT TO:<a@b> NOTIFY=NEVER,DELAY", "RCPT TO:<a@b> NOTIFY=",
                          "RCPT TO:<a@b> NOTIFY=DELAY,", "RCPT TO:<a@b> ORCPT=anna@b",
                          "RCPT TO:<a@b> ORCPT=;x", "RCPT TO:<a@b> ORCPT=rfc822;"}) {
    EXPECT_EQ(code(bad), 501) << bad;
  }
}

TEST(SmtpCommand, TakesUtf8OnlyWhenAskedFor) {
  EXPECT_EQ(code("MAIL FROM:<j\xc3\xb6@x.org>"), 553);
  EXPECT_EQ(good<Mail>("MAIL FROM:<j\xc3\xb6@x.org> SMTPUTF8").from.local_part, "j\xc3\xb6");
  EXPECT_EQ(code("RCPT TO:<j\xc3\xb6@x.org>"), 553);
  EXPECT_EQ(good<Rcpt>("RCPT TO:<j\xc3\xb6@x.org>", Dialect::lmtp, Utf8::asked).to.local_part,
            "j\xc3\xb6");
}

TEST(SmtpCommand, ParsesTheRest) {
  good<Data>("DATA");
  good<Data>("data  ");
  good<Rset>("RSET");
  good<Quit>("QUIT");
  good<StartTls>("STARTTLS");
  good<Noop>("NOOP whatever it is");
  EXPECT_EQ(good<Vrfy>("VRFY anna").argument, "anna");
  EXPECT_EQ(good<Help>("HELP MAIL").topic, "MAIL");
  EXPECT_EQ(good<Help>("HELP").topic, "");
  EXPECT_EQ(code("DATA now"), 501);
  EXPECT_EQ(code("QUIT please"), 501);
  EXPECT_EQ(code("VRFY"), 501);
  EXPECT_EQ(code(""), 500);
  EXPECT_EQ(code("TURN"), 500);
  EXPECT_EQ(code("NO\x01OP"), 500);
  EXPECT_EQ(code("NOOP\nQUIT"), 500);
  EXPECT_EQ(code(std::string_view("NOOP\0x", 6)), 500);
}

TEST(SmtpCommand, ParsesBdat) {
  EXPECT_EQ(good<Bdat>("BDAT 1000").octets, 1000U);
  EXPECT_FALSE(good<Bdat>("BDAT 1000").last);
  EXPECT_TRUE(good<Bdat>("bdat 0 last").last);
  for (const char* bad : {"BDAT", "BDAT x", "BDAT -1", "BDAT +1", "BDAT 1 FIRST", "BDAT 1 LAST x",
                          "BDAT 99999999999999999999", "BDAT 1LAST"}) {
    EXPECT_EQ(code(bad), 501) << bad;
    EXPECT_TRUE(is_bdat(bad));
  }
  EXPECT_FALSE(is_bdat("BDATA"));
}

TEST(SmtpCommand, ParsesAuth) {
  EXPECT_EQ(good<Auth>("AUTH plain AGFuAHB3").mechanism, "PLAIN");
  EXPECT_EQ(good<Auth>("AUTH plain AGFuAHB3").initial, "AGFuAHB3");
  EXPECT_EQ(good<Auth>("AUTH PLAIN =").initial, "=");
  EXPECT_FALSE(good<Auth>("AUTH LOGIN").initial);
  EXPECT_EQ(code("AUTH"), 501);
  EXPECT_EQ(code("AUTH PLAIN a b"), 501);
}

TEST(SmtpCommand, ParsesXclient) {
  const auto client = good<Xclient>("xclient NAME=a+2Bb addr=IPV6:2001:DB8::1 PORT=40000 HELO=x");
  EXPECT_EQ(client.address, "2001:db8::1");
  EXPECT_EQ(client.port, 40000);
  EXPECT_EQ(good<Xclient>("XCLIENT ADDR=192.0.2.1").address, "192.0.2.1");
  EXPECT_EQ(good<Xclient>("XCLIENT ADDR=192.0.2.1").port, std::nullopt);
  EXPECT_EQ(good<Xclient>("XCLIENT ADDR=[UNAVAILABLE] PORT=[TEMPUNAVAIL]").address, std::nullopt);
  for (const std::string_view line :
       {"XCLIENT", "XCLIENT ADDR", "XCLIENT ADDR=mail.example.org", "XCLIENT ADDR=1.2.3",
        "XCLIENT ADDR=192.0.2.1:25", "XCLIENT PORT=65536", "XCLIENT PORT=-1",
        "XCLIENT PORT=", "XCLIENT ADDR=+0d", "XCLIENT LOGIN=ada", "XCLIENT REVERSE_NAME=x"})
    EXPECT_EQ(code(line), 501) << line;
}

TEST(SmtpCommand, HasANameForEachCommand) {
  const auto names = command_names();
  ASSERT_EQ(names.size(), std::variant_size_v<Command>);
  EXPECT_EQ(names[Command(Hello{}).index()], "EHLO");
  EXPECT_EQ(names[Command(Xclient{}).index()], "XCLIENT");
}

TEST(SmtpCommand, IsWrittenSoThatItReadsBack) {
  for (const std::string_view line :
       {"LHLO x.org", "MAIL FROM:<>",
        "MAIL FROM:<a@b> SIZE=5 BODY=BINARYMIME SMTPUTF8 RET=FULL ENVID=a+2Bb AUTH=<>",
        "RCPT TO:<\"a b\"@c> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+3Db@c",
        "RCPT TO:<a@b> NOTIFY=NEVER", "DATA", "BDAT 5", "BDAT 0 LAST", "RSET", "NOOP", "QUIT",
        "STARTTLS", "VRFY anna", "HELP", "HELP x", "AUTH PLAIN",
        "AUTH PLAIN =", "XCLIENT ADDR=192.0.2.1 PORT=25", "XCLIENT ADDR=IPV6:2001:db8::1"}) {
    const auto command = parse_command(line, Dialect::lmtp);
    ASSERT_TRUE(command.has_value()) << line;
    EXPECT_EQ(format_command(*command), std::string(line) + "\r\n");
  }
}

}  // namespace
}  // namespace posthorn::wire::smtp
