// Scripts, directions and charsets. Texts in old charsets stand here as the base64 that is sent.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

/// A letter in a charset of its own: its subject as encoded-word and its body are base64 already.
struct Foreign {
  std::string_view folder;
  std::string_view from;
  std::string_view charset;
  std::string_view subject;
  std::string_view body;
};

constexpr std::array kForeign = {
    Foreign{"INBOX", "olga@example.net", "koi8-r", "8NLJ18XUIMnaIOHSyMHOx8XM2NPLwQ==",
            "5M/Sz8fB0SDtwdLFziENCg0K7cHRyyDOwSDN2dPFINPUz8nULCDLwcsgySDE18XT1MkgzMXUIM7B\r\n"
            "2sHELg0K8NLJxdrWwcogzMXUz806IMLFzNnFIM7P3sksIM3P0s/by8EgySDewcouDQoNCvTXz9Eg\r\n"
            "78zYx8ENCg==\r\n"},
    Foreign{"INBOX", "buh@office.example", "windows-1251", "0fe48iDn4CDu6vL/4fD8",
            "x+Tw4OLx8uLz6fLlIQ0KDQrC4Pgg8fe48iDi7iDi6+7m5e3o6C4NCg==\r\n"},
    Foreign{"Projects/Lighthouse", "liming@example.com", "gb2312", "udjT2rXGy/7VucDAtcTOyszi",
            "xPq6w6O6DQoNCsfrzsq1xsv+sqnO77nd1tzEqb+qt8XC8KO/ztLDx9PQyq62/rj2yMuhow0KDQrQ\r\n"
            "u9C7o6zA7sP3DQo=\r\n"},
    Foreign{"Projects/Lighthouse", "yoon@example.com", "euc-kr", "te606yCw38fQILmuwMc=",
            "vsiz58fPvLy/5C4NCrTZwL0gwdYgxeS/5MDPv6Egte6067imILnmua7H0iC89iDA1sC7se6/5D8N\r\n"
            "Cg==\r\n"},
    Foreign{"Lists/gardening", "wanda@example.com", "iso-8859-2",
            "WmG/87PmIGfqtmyxIGphvPE=", "WmG/87PmIGfqtmyxIGphvPENCg==\r\n"},
    Foreign{"INBOX", "nikos@example.net", "iso-8859-7",
            "yuHr5+zd8eEg4fD8IPTnIM3c7u8=", "yuHr5+zd8eEg4fD8IPTnIM3c7u8NCg==\r\n"}};

void foreign(Post& post) {
  int day = 60;
  for (const Foreign& f : kForeign) {
    post.days_ago(day -= 8);
    post.file_octets(
        f.folder, seen(),
        fmt::format(
            "From: {}\r\nTo: maren@example.org\r\nSubject: =?{}?B?{}?=\r\nDate: {}\r\n"
            "Message-ID: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset={}\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n{}",
            f.from, f.charset, f.subject, mail_date(post.now(), 180),
            post.next_message_id("example.net"), f.charset, f.body));
  }
}

void japan(Post& post) {
  post.days_ago(38);
  post.file_octets(
      "旅行", seen(bit(SystemFlag::answered)),
      fmt::format("From: =?ISO-2022-JP?B?GyRCPzlFRBsoQiAbJEI3QztSGyhC?= <keiko@morita.example>\r\n"
                  "To: Maren Holt <maren@example.org>\r\n"
                  "Subject: =?ISO-2022-JP?B?GyRCTjk5VCROPEw/PyRyQXckaiReJDkbKEI=?=\r\nDate: {}\r\n"
                  "Message-ID: <kyoto.1@morita.example>\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=iso-2022-jp\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n\r\n"
                  "\x1b$B$3$s$K$A$O!\x22%^%l%s$5$s!#\x1b(B\r\n\r\n"
                  "\x1b$B@h=5$N5~ET$O$H$F$b3Z$7$+$C$?$G$9!#9HMU$N<L??$r;0KgAw$j$^$9!#\x1b(B\r\n"
                  "\x1b$BMhG/$b$<$R0l=o$K9T$-$^$7$g$&!#\x1b(B\r\n\r\n"
                  "\x1b$B?9ED\x1b(B \x1b$B7C;R\x1b(B\r\n",
                  mail_date(post.now(), 540)));
  const Person keiko{"森田 恵子", "keiko@morita.example"};
  const std::string thread = "<kyoto.1@morita.example>";
  constexpr std::array kPlaces = {"京都", "奈良", "東京駅", "富士山", "鎌倉", "箱根"};
  for (const std::string_view place : kPlaces) {
    post.later(60, 2000);
    post.file(
        "旅行", post.chance(3) == 0 ? unseen() : seen(),
        {.from = keiko,
         .subject = fmt::format("Re: 旅行の写真（{}）", place),
         .content = multipart(
             "mixed", post.boundary(),
             std::array{text_part(fmt::format("{}の写真です。📷\r\n", place)),
                        attachment("image/png", fmt::format("{}.png", place),
                                   png(32, 0xCC5544 + static_cast<unsigned>(post.chance(64))))}),
         .references = thread});
  }
}

void right_to_left(Post& post) {
  post.days_ago(22);
  post.file(
      "INBOX", seen(bit(SystemFlag::flagged)),
      {.from = {"ليلى حداد", "layla@haddad.example"},
       .subject = "دعوة إلى افتتاح المتحف",
       .content = text_part("عزيزتي مارين،\r\n\r\nيسعدني أن أحضر افتتاح متحف المنارة في كانون "
                            "الأول.\r\nهل أحجز غرفة (رقم 12) في الفندق؟\r\n\r\nليلى\r\n")});
  post.later(300, 2000);
  post.file("INBOX", unseen(),
            {.from = {"נועה ברק", "noa@barak.example"},
             .subject = "תודה על הסיור! Thank you, Maren",
             .content = multipart(
                 "alternative", post.boundary(),
                 std::array{text_part("תודה על הסיור במגדלור, היה נהדר.\r\n"),
                            text_part("<html dir=\"rtl\"><body><p>תודה על הסיור במגדלור, היה "
                                      "<b>נהדר</b>.</p></body></html>\r\n",
                                      "html")})});
}

void emoji_and_marks(Post& post) {
  constexpr std::array kSubjects = {"👩‍👩‍👧‍👦 family picnic 🧺",
                                    "Ça va être génial 🎉",
                                    "e\u0301clair or \u00e9clair? (both)",
                                    "Ｆｕｌｌｗｉｄｔｈ ｌｅｔｔｅｒｓ",
                                    "Straße, STRASSE, strasse",
                                    "İstanbul'dan selamlar",
                                    "सुप्रभात, मारेन",
                                    "สวัสดีจากเชียงใหม่",
                                    "Chào buổi sáng từ Hội An",
                                    "🏳️‍🌈 🇳🇴 🇵🇹"};
  int day = 13;
  for (const std::string_view subject : kSubjects) {
    post.days_ago(day--);
    post.file("INBOX", post.chance(3) == 0 ? unseen() : seen(),
              {.from = {"Zoë & the others", "zoe@ohara.example"},
               .subject = std::string(subject),
               .content = text_part(fmt::format("{}\r\n\r\n— Zoë ✍️\r\n", subject))});
  }
}

/// Latin-1 in quoted-printable with encoded-words in Q, as many German programs write.
void latin(Post& post) {
  post.days_ago(21);
  post.file_octets(
      "Reisen/Österreich", seen(),
      fmt::format(
          "From: =?iso-8859-1?Q?J=FCrgen_Gr=F6=DFl?= <j@almrausch.example>\r\n"
          "To: =?iso-8859-1?Q?Maren?= Holt <maren@example.org>\r\n"
          "Subject: =?iso-8859-1?Q?Ein_gef=FCtterter_Handschuh_?=\r\n"
          " =?iso-8859-1?Q?ist_=FCbrig?=\r\nDate: {}\r\nMessage-ID: {}\r\n"
          "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
          mail_date(post.now(), 60), post.next_message_id("almrausch.example"),
          quoted_printable(latin1("Liebe Frau Holt,\r\n\r\nin Ihrem Zimmer lag ein Handschuh, "
                                  "grün, gefüttert. Sollen wir ihn schicken?\r\n\r\n"
                                  "Schöne Grüße\r\nJürgen Größl\r\n"))));
}

}  // namespace

void world_mail(Post& post) {
  foreign(post);
  japan(post);
  right_to_left(post);
  emoji_and_marks(post);
  latin(post);
}

}  // namespace posthorn::demo::demo
