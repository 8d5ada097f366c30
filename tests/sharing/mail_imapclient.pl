#!/usr/bin/perl
# Perl's Mail::IMAPClient: an owner shares a mailbox, a reader uses it and loses it. Run by perl_test.py, which says
# the port and the password in PORT and PASSWORD.
use strict;
use warnings;
no warnings 'uninitialized';  # LastError, where there was none.
use Mail::IMAPClient;

my ($ann, $bob) = ('ann@example.org', 'bob@example.org');
my $shared = "Other Users/$ann/Work";

sub expect {
  my ($condition, $words) = @_;
  return if $condition;
  print "$words\n";
  exit 1;
}

sub client {
  my ($user) = @_;
  my $client = Mail::IMAPClient->new(
    Server => '127.0.0.1', Port => $ENV{PORT}, User => $user, Password => $ENV{PASSWORD}, Uid => 1);
  expect($client && $client->IsAuthenticated, "$user cannot log in: $@");
  return $client;
}

# Some versions give a list.
sub letters {
  my ($rights) = @_;
  return ref $rights ? join('', @$rights) : $rights // '';
}

my ($owner, $reader) = (client($ann), client($bob));
expect($owner->create('Work'), 'CREATE');
expect($owner->append_string('Work', "Subject: $_\r\n\r\nx\r\n"), 'APPEND') for ('one', 'two');

# The owner grants.
expect(!$reader->exists($shared), 'there is something before the grant');
expect($owner->setacl('Work', $bob, 'lrswt'), 'SETACL: ' . $owner->LastError);
my $list = $owner->getacl('Work');
# The letter "d" of RFC 2086 stands beside "t" and "e" (RFC 4314 §2.1.1).
expect($list->{$bob} =~ /^lrswtd?$/ && $list->{$ann}, 'GETACL: ' . join(' ', %$list));
expect(letters($owner->listrights('Work', $bob)) ne '', 'LISTRIGHTS: ' . $owner->LastError);

# The reader lists, selects and flags.
expect((grep { $_ eq $shared } $reader->folders), 'LIST: ' . join(', ', $reader->folders));
expect((grep { $_ eq $shared } $reader->subscribed), 'LSUB: ' . join(', ', $reader->subscribed));
my $rights = letters($reader->myrights($shared));
expect($rights =~ /lrswt/, "MYRIGHTS: $rights");
expect($reader->select($shared), 'SELECT: ' . $reader->LastError);
my @unseen = $reader->unseen;
expect(@unseen == 2, "unseen: @unseen");
expect($reader->see($unseen[0]), '\\Seen: ' . $reader->LastError);
expect($reader->mark($unseen[1]), '\\Flagged: ' . $reader->LastError);
expect($reader->unseen_count == 1, 'the unseen messages of the reader');
expect($owner->unseen_count('Work') == 2, 'the unseen messages of the owner');
expect($owner->select('Work') && join(' ', @{ $owner->search('FLAGGED') || [] }) eq $unseen[1], 'the flag is shared');
$owner->unselect if $owner->can('unselect');

# What was not granted is refused, and said to be so.
expect(!$reader->append_string($shared, "Subject: no\r\n\r\nx\r\n"), 'APPEND without the right');
expect($reader->LastError =~ /NOPERM/, 'APPEND says ' . $reader->LastError);
expect(!$reader->setacl($shared, $bob, 'lrswiae'), 'SETACL by the reader');
expect($reader->LastError =~ /NOPERM/, 'SETACL says ' . $reader->LastError);

# The reader loses the right: the connection ends, and the mailbox is gone.
expect($owner->deleteacl('Work', $bob), 'DELETEACL: ' . $owner->LastError);
$reader->noop;
expect(!$reader->IsConnected || !$reader->noop, 'the reader goes on with the mailbox');
my $again = client($bob);
expect(!$again->select($shared), 'SELECT after DELETEACL');
expect($again->LastError =~ /NONEXISTENT/, 'SELECT says ' . $again->LastError);
expect(!(grep { $_ eq $shared } $again->folders), 'LIST after DELETEACL');
$_->logout for ($owner, $again);
