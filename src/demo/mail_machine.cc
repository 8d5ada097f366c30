// What programs send: receipts, alerts, bounces, junk.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

void receipts(Post& post) {
  constexpr std::array kShops = {"ropes", "lamps", "teahouse", "books", "bakery"};
  for (int i = 0; i < 20; ++i) {
    post.days_ago(140 - i * 7);
    const std::string shop = post.one_of(kShops);
    const std::uint64_t price = 900 + post.chance(9000);
    const std::string text =
        fmt::format("Thank you for your order no. {}.\r\n\r\nTotal: € {}.{:02}\r\n",
                    10000 + post.chance(80000), price / 100, price % 100);
    post.file(i % 2 == 0 ? "INBOX" : "Archive", i > 17 ? unseen() : seen(0, {"invoice"}),
              {.from = {fmt::format("{} shop", shop), fmt::format("orders@{}.example", shop)},
               .subject = fmt::format("Your order has been {}", i % 3 == 0 ? "sent" : "received"),
               .content = text_part(text),
               .fields = "Auto-Submitted: auto-generated\r\n"});
  }
}

/// RFC 3464 in RFC 6522.
void bounce(Post& post) {
  post.days_ago(33);
  const std::string returned =
      post.write({.from = maren(),
                  .to = {{"", "nobody@closed.example"}},
                  .subject = "Benches",
                  .content = text_part("Are they still in your barn?\r\n")});
  const std::string headers = returned.substr(0, returned.find("\r\n\r\n") + 2);
  post.later(1, 3);
  const std::array parts = {
      text_part("Your message could not be delivered to nobody@closed.example.\r\n"
                "The server there said: 550 5.1.1 no such person.\r\n"),
      Part{"Content-Type: message/delivery-status\r\n",
           "Reporting-MTA: dns; mail.example.org\r\n\r\n"
           "Final-Recipient: rfc822; nobody@closed.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
           "Diagnostic-Code: smtp; 550 5.1.1 no such person\r\n"},
      Part{"Content-Type: text/rfc822-headers\r\n", headers}};
  std::string octets = post.write(
      {.from = {"Mail System", "mailer-daemon@example.org"},
       .subject = "Undelivered mail returned to sender",
       .content = multipart("report", post.boundary(), parts, ";\r\n report-type=delivery-status"),
       .fields = "Auto-Submitted: auto-replied\r\n"});
  post.file_octets("INBOX", seen(), "Return-Path: <>\r\n" + octets);
}

/// RFC 8098: she opened it.
void read_receipt(Post& post) {
  post.days_ago(29);
  const std::array parts = {
      text_part("Your message was displayed. That says nothing about whether it was read.\r\n"),
      Part{"Content-Type: message/disposition-notification\r\n",
           "Reporting-UA: desk.holt.example; Letterbox 3\r\n"
           "Final-Recipient: rfc822; ragnhild@holt.example\r\n"
           "Original-Message-ID: <cake.1@example.org>\r\n"
           "Disposition: manual-action/MDN-sent-manually; displayed\r\n"}};
  post.file("INBOX", seen(),
            {.from = mother(),
             .subject = "Lest: kake",
             .content = multipart("report", post.boundary(), parts,
                                  ";\r\n report-type=disposition-notification")});
}

/// RFC 1847: signed, with a signature that signs nothing.
void signed_letter(Post& post) {
  post.days_ago(27);
  const std::array parts = {
      text_part("Please find my honest opinion of the paint enclosed: it is the same red.\r\n"),
      Part{"Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n",
           "-----BEGIN PGP "
           "SIGNATURE-----\r\n\r\niQEzBAABCAAdFiEEdemoDemoDemoDemoDemoDemoDemo\r\n=demo\r\n"
           "-----END PGP SIGNATURE-----\r\n"}};
  post.file("INBOX", seen(0, {"$MDNSent"}),
            {.from = priya(),
             .subject = "Paint, signed",
             .content =
                 multipart("signed", post.boundary(), parts,
                           ";\r\n micalg=pgp-sha256;\r\n protocol=\"application/pgp-signature\"")});
}

void alerts(Post& post) {
  for (int i = 0; i < 18; ++i) {
    post.days_ago(18 - i);
    post.file("INBOX", i > 13 ? unseen() : seen(),
              {.from = {"Tide gauge", "gauge@skerrypoint.example"},
               .to = {{"", "undisclosed@example.org"}},
               .subject = fmt::format("Tide {}: {} cm above mean", i % 4 == 0 ? "ALERT" : "report",
                                      40 + post.chance(160)),
               .content = text_part(fmt::format("sensor=3 level={} battery={}%\r\n",
                                                post.chance(250), post.chance(100))),
               .fields = "X-Priority: 5\r\nAuto-Submitted: auto-generated\r\n"});
  }
}

void junk(Post& post) {
  constexpr std::array kOffers = {"You have WON a lighthouse!!!", "Cheap fog, delivered overnight",
                                  "Re: your unpaid barnacle invoice",
                                  "🔥🔥 Hot deals on cold herring 🔥🔥",
                                  "Dear beneficiary of Captain Rackham"};
  for (int i = 0; i < 16; ++i) {
    post.days_ago(30 - i * 2);
    const std::string offer = post.one_of(kOffers);
    post.file(
        "Junk", unseen(0, {"$Junk"}),
        {.from = {"Prize Office", fmt::format("winner{}@spam.example", post.chance(1000))},
         .to = {{"", "maren@example.org"}},
         .subject = offer,
         .content = text_part(fmt::format("<html><body bgcolor=red><font size=7>{}</font><br>"
                                          "<a href=http://spam.example/{}>CLICK</a>"
                                          "<img src=http://spam.example/pixel.gif width=1>\r\n",
                                          offer, post.chance(1U << 30)),
                              "html"),
         .fields = "X-Spam-Flag: YES\r\nX-Mailer: The Bat-and-Ball 0.9\r\n"});
  }
}

}  // namespace

void machine_mail(Post& post) {
  receipts(post);
  bounce(post);
  read_receipt(post);
  signed_letter(post);
  alerts(post);
  junk(post);
}

}  // namespace posthorn::demo::demo
