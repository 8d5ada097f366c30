// Mail as it should not be but is: every server meets these.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

std::string nested(Post& post, int depth) {
  std::string body = "Content-Type: text/plain\r\n\r\nThe innermost doll.\r\n";
  for (int i = 0; i < depth; ++i) {
    const std::string b = post.boundary();
    body = fmt::format(
        "Content-Type: multipart/mixed; boundary=\"{0}\"\r\n\r\n--{0}\r\n{1}\r\n--{0}--\r\n", b,
        body);
  }
  return "From: Matryoshka <dolls@example.com>\r\nTo: maren@example.org\r\nSubject: Dolls\r\n"
         "MIME-Version: 1.0\r\n" +
         body;
}

/// What is wrong stands in each subject, where there is one.
std::vector<std::string> broken(Post& post) {
  const std::string date = mail_date(post.now(), 0);
  std::string many = "From: crowd@example.com\r\nSubject: To everybody\r\nTo: ";
  for (int i = 0; i < 300; ++i) many += fmt::format("guest{}@party.example,\r\n\t", i);
  return {
      "Subject: no From, no Date, no Message-ID\r\n\r\nJust a body.\r\n",
      "\r\nOnly a body: the header is empty.\r\n",
      "This has no header at all, and no line looks like one\r\nnot even this one\r\n",
      fmt::format(
          "From: header.only@example.com\r\nSubject: header only, no empty line\r\nDate: {}\r\n",
          date),
      fmt::format("From: <empty@example.com>\r\nSubject: empty body\r\nDate: {}\r\n\r\n", date),
      "",
      latin1("From: Blåbær <berry@example.com>\r\nSubject: rå bytes i emnet, åtte bit\r\n\r\n"
             "Ingen koding, intet tegnsett: æøå\r\n"),
      "From: Blåbær <berry@example.com>\r\nSubject: UTF-8 uten RFC 2047: æøå\r\n\r\næøå\r\n",
      // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): a message is several lines.
      "From: a@example.com\r\nSubject: multipart without its end\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\nfirst\r\n--b\r\n"
      "Content-Type: text/html\r\n\r\n<p>second, and then nothing",
      "From: a@example.com\r\nSubject: multipart without boundary parameter\r\n"
      "Content-Type: multipart/alternative\r\n\r\n--x\r\n\r\none\r\n--x--\r\n",
      "From: a@example.com\r\nSubject: multipart without parts\r\n"
      "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x--\r\n",
      "From: a@example.com\r\nSubject: unknown encoding and charset\r\n"
      "Content-Type: text/plain; charset=x-moon\r\nContent-Transfer-Encoding: "
      "x-rot13\r\n\r\nUryyb\r\n",
      "From: a@example.com\r\nSubject: base64 with dirt in it\r\nContent-Type: text/plain\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\nSGVs!!bG8g\r\n  d29y*bGQ\r\n=trailing\r\n",
      "From: a@example.com\r\nSubject: broken =?UTF-8?B?w6Xw?= word =?nope?Q?x?= "
      "=?UTF-8?Q?un\r\n\r\nx\r\n",
      "From: a@example.com\r\nDate: the day after the storm\r\nSubject: a date that is "
      "none\r\n\r\nx\r\n",
      "From: a@example.com\r\nDate: 1 Jan 70 25:61:99 EST\r\nSubject: a date out of "
      "range\r\n\r\nx\r\n",
      "From: undisclosed-recipients:;\r\nTo: The crew: one@example.com, \"Two, T.\" "
      "<two@example.com>;\r\n"
      "Subject: groups\r\n\r\nx\r\n",
      "From: \"unclosed <quote@example.com>\r\nTo: <<twice@example.com>>, @, ,,\r\n"
      "Subject: addresses of sorts\r\n\r\nx\r\n",
      "From: (only a comment (nested (deeply)))\r\nSubject: comment as sender\r\n\r\nx\r\n",
      "From: a@example.com\r\nFrom: b@example.com\r\nSubject: one\r\nSubject: two of "
      "each\r\n\r\nx\r\n",
      "Subject : space before the colon\r\nFrom : a@example.com\r\n\r\nx\r\n",
      "From: a@example.com\r\nSubject: folded\r\n\tin\r\n  strange\r\n \r\n\tways\r\n\r\nx\r\n",
      "From: a@example.com\r\nSubject: " + std::string(2900, 'x') +
          " very long subject\r\n\r\nx\r\n",
      "From: a@example.com\r\nSubject: one line of 20,000 octets\r\n\r\n" +
          std::string(20000, 'y') + "\r\n",
      "From: a@example.com\r\nSubject: message/rfc822 in base64\r\nContent-Type: message/rfc822\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n" +
          base64_lines("From: inner@example.com\r\nSubject: inside\r\n\r\ninner\r\n"),
      "From: a@example.com\r\nSubject: no end of line at the end\r\n\r\nno end",
      many + "maren@example.org\r\n\r\nWelcome, all of you.\r\n",
      nested(post, 12),
      nested(post, 120),
  };
}

}  // namespace

void odd_mail(Post& post) {
  post.days_ago(10);
  int n = 0;
  for (std::string& octets : broken(post)) {
    post.later(1, 30);
    // What has no octets cannot be appended (RFC 9051 §6.3.12): it becomes one empty line.
    if (octets.empty()) octets = "\r\n";
    const bool front = n++ % 7 == 0;
    post.file_octets(front ? "INBOX" : "Archive/Odd", seen(), std::move(octets));
  }
}

}  // namespace posthorn::demo::demo
