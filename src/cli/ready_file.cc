#include "cli/ready_file.h"

#include <unistd.h>

#include <boost/json.hpp>

#include "app/machine/notify.h"

namespace posthorn::cli {

Status write_ready_file(const std::string& path, const app::Server::Addresses& addresses) {
  const boost::json::object ready{{"imap", addresses.imap},
                                  {"imaps", addresses.imaps},
                                  {"pop3", addresses.pop3},
                                  {"pop3s", addresses.pop3s},
                                  {"submission", addresses.submission},
                                  {"submissions", addresses.submissions},
                                  {"lmtp", addresses.lmtp},
                                  {"https", addresses.https},
                                  {"http", addresses.http},
                                  {"metrics", addresses.metrics},
                                  {"lmtp_socket", addresses.lmtp_socket},
                                  {"auth_socket", addresses.auth_socket},
                                  {"user_socket", addresses.user_socket},
                                  {"map_socket", addresses.map_socket},
                                  {"policy_socket", addresses.policy_socket},
                                  {"admin_socket", addresses.admin_socket},
                                  {"pid", ::getpid()}};
  return app::write_file_atomically(path, boost::json::serialize(ready) + "\n");
}

}  // namespace posthorn::cli
